/** A fault of the operator or of the world outside: what is so, its particulars, and what to do about it. */
export class RecordingFault extends Error {
  override name = 'RecordingFault';
  readonly fact: string;
  readonly detail: string;
  readonly hint: string;

  constructor(fact: string, detail: string, hint: string, cause?: unknown) {
    super(`${fact}: ${detail}. ${hint}`, cause === undefined ? undefined : { cause });
    this.fact = fact;
    this.detail = detail;
    this.hint = hint;
  }
}
