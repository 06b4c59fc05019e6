import { InvalidArgumentError } from 'commander';

const unitsS: Record<string, number> = { s: 1, min: 60, h: 3_600 };

/** Seconds, 1 s to 24 h. @throws InvalidArgumentError */
export function parseSpanS(value: string): number {
  const m = /^(\d+)\s*(s|min|h)?$/.exec(value);
  const seconds = m ? Number(m[1]) * unitsS[m[2] ?? 's']! : Number.NaN;
  if (seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('a span of 1 s to 24 h, such as 60s, 5min or 1h');
}
