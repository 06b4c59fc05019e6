import type { CityTime } from '#domain/city-time.ts';
import { type Instant, parseInstant } from '#domain/instant.ts';
import { wallClockReader } from '../../recordings/wall-clock-format.ts';

const wallClock = wallClockReader("yyyy-MM-dd'T'HH:mm:ss");

/**
 * An xsd:dateTime. One without an offset is by the city's clock; of an hour that the clock shows twice, the first.
 * `undefined` for anything else, and for a time that never was.
 */
export function xmlInstant(text: string | undefined, city: CityTime): Instant | undefined {
  if (text === undefined) return undefined;
  const exact = parseInstant(text);
  if (exact !== undefined) return exact;
  const wallMs = wallClock(text.replace(/\.\d+$/, ''));
  if (wallMs === undefined) return undefined;
  const meaning = city.meaningOfMs(wallMs);
  if (meaning.type === 'impossible') return undefined;
  const at = meaning.type === 'once' ? meaning.at : meaning.first;
  const fraction = /\.(\d{1,3})/.exec(text)?.[1]?.padEnd(3, '0');
  return at + Number(fraction ?? 0);
}

/** An xsd:duration of days and below, in seconds. */
export function durationS(text: string | undefined): number | undefined {
  const m = /^(-)?P(?:0+Y)?(?:0+M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(
    text ?? '',
  );
  if (!m) return undefined;
  const [, minus, d, h, min, s] = m;
  if (d === undefined && h === undefined && min === undefined && s === undefined) return undefined;
  const seconds = ((Number(d ?? 0) * 24 + Number(h ?? 0)) * 60 + Number(min ?? 0)) * 60 + Number(s ?? 0);
  return minus && seconds > 0 ? -seconds : seconds;
}
