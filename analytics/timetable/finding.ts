/** Something odd about a feed. An error means that rows were left out or changed; a warning, that figures may suffer. */
export interface Finding {
  code: string;
  severity: 'error' | 'warning' | 'note';
  /** Of GTFS, without its ending; '' for the feed as a whole. */
  file: string;
  count: number;
  /** Some of the ids in question. */
  examples: string[];
  detail: string;
}
