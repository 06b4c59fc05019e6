import { DAY_S, type Flow } from './city-flow.ts';
import { ARCHIVE_BYTES_PER_MESSAGE, WINDOWS_PER_DEVICE_HOUR } from './measured-costs.ts';
import { type Need, need, sum } from './need.ts';

export function sizeStorage({ parts, windowsPerS }: Flow): Need[] {
  const archive = sum(
    parts,
    (p) => p.readingsPerS * p.costs.archiveBytes + p.messagesPerS * ARCHIVE_BYTES_PER_MESSAGE,
  );
  const lake = sum(parts, (p) => p.readingsPerS * p.costs.lakeBytes);
  const windows = sum(
    parts,
    (p) => ((p.devices * WINDOWS_PER_DEVICE_HOUR) / 3_600) * p.costs.lakeBytesPerWindow,
  );
  const rows: [string, number, string][] = [
    ['archive', archive, 'Parquet, verbatim: 10 (flow) or 22 (position) bytes a reading and 20 a message'],
    ['readings', lake, 'Parquet: 8.2 (flow) or 12.3 (position) bytes a reading'],
    [
      'windows',
      windows,
      `Parquet: 23 (flow) or 45 (position) bytes a window, ${windowsPerS.toFixed(1)} windows/s`,
    ],
  ];
  return [
    ...rows.map(([name, bytesPerS, rule]) =>
      need('Storage', `${name}, a month`, (bytesPerS * DAY_S * 30) / 1e9, 'GB', rule, 'measured'),
    ),
    need(
      'Storage',
      'all, a year',
      ((archive + lake + windows) * DAY_S * 365) / 1e9,
      'GB',
      'the three together, 365 days',
      'measured',
    ),
  ];
}
