/** One measured figure, beside the limit it is held to where there is one. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  atLeast?: number;
  atMost?: number;
}

/** Something to measure: several rows of one run. */
export interface Bench {
  name: string;
  /** Why it can not be run here, or undefined. */
  missing?(): string | undefined;
  run(scale: Scale): Promise<BenchRow[]>;
}

/** How long a run may be: 'short' is for a check that every row still can be measured. */
export type Scale = 'full' | 'short';

export type Verdict = 'met' | 'MISSED' | '';

export function verdict({ value, atLeast, atMost }: BenchRow): Verdict {
  if (atLeast === undefined && atMost === undefined) return '';
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY)
    ? 'met'
    : 'MISSED';
}

/** The row of several runs that stands in the middle by value, for each name in the order of the first run. */
export function medians(runs: readonly (readonly BenchRow[])[]): BenchRow[] {
  return (runs[0] ?? []).map(({ name }) => {
    const rows = runs.flatMap((run) => run.filter((row) => row.name === name));
    return rows.sort((a, b) => a.value - b.value)[Math.floor((rows.length - 1) / 2)]!;
  });
}
