/**
 * Request units that flow in at `perS` and may run into debt with the last request let in: as in the service, a
 * request is refused while the budget is spent, not because it is expensive.
 */
export class RequestBudget {
  #perS: number | undefined;
  #left = 0;
  #atMs = 0;

  /** `perS` undefined: no limit. */
  limit(perS: number | undefined, nowMs: number): void {
    this.#perS = perS;
    this.#left = perS ?? 0;
    this.#atMs = nowMs;
  }

  /** 0 when a request may run, otherwise the wait in ms. */
  waitMs(nowMs: number): number {
    if (this.#perS === undefined) return 0;
    const gained = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perS;
    this.#left = Math.min(this.#perS, this.#left + gained);
    this.#atMs = nowMs;
    return this.#left > 0 ? 0 : Math.ceil((-this.#left / this.#perS) * 1000) + 1;
  }

  spend(requestUnits: number): void {
    if (this.#perS !== undefined) this.#left -= requestUnits;
  }
}
