/** What was asked can not be: an unknown measure, parameter or corridor. For the person who asked. */
export class MeasureFault extends Error {
  override name = 'MeasureFault';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
