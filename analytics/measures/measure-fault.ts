/** What was asked can not be: an unknown measure, parameter or corridor. For the person who asked. */
export class MeasureFault extends Error {
  override name = 'MeasureFault';
  readonly hint: string;
  /** A name that is none, and those there are. */
  readonly unknown: { asked: string; among: readonly string[] } | undefined;

  constructor(message: string, hint: string, unknown?: { asked: string; among: readonly string[] }) {
    super(message);
    this.hint = hint;
    this.unknown = unknown;
  }
}
