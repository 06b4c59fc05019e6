/** One line of the answer, with the rule and what the rule rests on. */
export interface Need {
  of: string;
  need: string;
  value: number;
  unit: string;
  rule: string;
  source: string;
}

export function need(
  of: string,
  what: string,
  value: number,
  unit: string,
  rule: string,
  source: string,
): Need {
  return {
    of,
    need: what,
    value: value >= 100 ? Math.round(value) : Number(value.toPrecision(3)),
    unit,
    rule,
    source,
  };
}

/** A whole number, as it is read. */
export function whole(n: number): string {
  return n.toLocaleString('en-GB');
}

export function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
