export interface Run<R> {
  x1: number;
  x2: number;
  band: number;
  first: R;
}

/**
 * Joins neighbouring cells of one class into one rectangle, so that a map of ten thousand cells is a few hundred
 * shapes. Rows come sorted by `by`, then `x`; a gap, or a cell without a value, ends a run.
 */
export function mergeRuns<R>(
  rows: readonly R[],
  options: {
    /** What must be equal: `(d) => d.site_id + d.day`. */
    by: (row: R) => unknown;
    x: (row: R) => number | Date;
    /** Length of a cell in units of x. */
    step: number;
    value: (row: R) => number | null;
    /** Ascending bounds of the classes. */
    thresholds: readonly number[];
  },
): (Run<R> & { value: number })[] {
  const runs: (Run<R> & { value: number })[] = [];
  let last: unknown;
  for (const row of rows) {
    const value = options.value(row);
    const key = options.by(row);
    if (value === null || value === undefined || Number.isNaN(value)) {
      last = undefined;
      continue;
    }
    const x = Number(options.x(row));
    const band = options.thresholds.filter((t) => value >= t).length;
    const run = runs.at(-1);
    if (run && last === key && run.band === band && Math.abs(run.x2 - x) < options.step / 1_000) {
      run.x2 = x + options.step;
    } else {
      runs.push({ x1: x, x2: x + options.step, band, first: row, value });
    }
    last = key;
  }
  return runs;
}
