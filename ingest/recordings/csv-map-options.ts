import { RecordingFault } from './recording-fault.ts';

type Patch = Record<string, unknown>;

/** `key=value` options that set something of the map itself. */
const ofMap: Record<string, (value: string) => Patch> = {
  name: (value) => ({ name: value }),
  city: (value) => ({ city: value }),
  timezone: (value) => ({ timezone: value }),
  kind: (value) => ({ kind: value }),
  delimiter: (value) => ({ delimiter: value }),
  'skip-lines': (value) => ({ skipLines: Number(value) }),
  'newest-first': (value) => ({ newestFirst: value !== 'false' }),
  'no-value': (value) => ({ noValue: value.split(',') }),
  period: (value) => ({ periodS: Number(value) }),
  device: (value) => ({ device: value }),
  'device-column': (value) => ({ device: { column: value } }),
};

/** Those that say how the time is printed. */
const ofTime: Record<string, (value: string) => Patch> = {
  time: (value) => ({ column: value }),
  format: (value) => ({ format: value }),
  prints: (value) => ({ prints: value }),
};

/** Those that set something of the one series. */
const ofSeries: Record<string, (value: string) => Patch> = {
  direction: (value) => ({ direction: value }),
  'direction-column': (value) => ({ direction: { column: value } }),
  lane: (value) => ({ lane: Number(value) }),
  'lane-column': (value) => ({ lane: { column: value } }),
};

/**
 * A column map written as options, over one from a file: `time=Date "format=dd/MM/yyyy H:mm" period=300
 * device=pems-1 count=Flow`. Any other key is a field of the reading, its value a column, `Speed*1.609344` a column
 * with a factor.
 * @throws RecordingFault for an option without `=`.
 */
export function csvMapFromOptions(options: readonly string[], base: unknown = {}): unknown {
  const map: Patch = { ...(base as Patch) };
  const time: Patch = { ...(map.time as Patch | undefined) };
  const series: Patch = {};
  const fields: Patch = {};
  for (const option of options) {
    const eq = option.indexOf('=');
    if (eq < 1) {
      throw new RecordingFault(
        `${option} is no map option`,
        'it has no name before =',
        'Write name=value, such as time=Date or speedKmh=Speed*1.609344.',
      );
    }
    const key = option.slice(0, eq);
    const value = option.slice(eq + 1);
    if (ofMap[key]) Object.assign(map, ofMap[key](value));
    else if (ofTime[key]) Object.assign(time, ofTime[key](value));
    else if (ofSeries[key]) Object.assign(series, ofSeries[key](value));
    else fields[key] = columnOf(value);
  }
  if (Object.keys(time).length > 0) map.time = time;
  if (Object.keys({ ...fields, ...series }).length > 0) map.series = [{ ...series, fields }];
  return map;
}

function columnOf(value: string): unknown {
  const scaled = /^(.+)\*([\d.]+)$/.exec(value);
  return scaled ? { column: scaled[1], factor: Number(scaled[2]) } : value;
}
