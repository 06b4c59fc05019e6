/** One measured figure, beside the limit it is held to where there is one. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  atLeast?: number;
  atMost?: number;
}
