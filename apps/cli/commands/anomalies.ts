import type { Command } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS } from '#domain/instant.ts';
import { OperatorFault } from '../../config.ts';
import { cityOf, parseCityTime, parseFormat, withContext } from '../context.ts';
import { type Format, printRows } from '../print.ts';

interface AnomalyFlags {
  from?: string;
  to?: string;
  format: Format;
}

export function anomaliesCommand(program: Command): void {
  program
    .command('anomalies')
    .summary('where and since when traffic is slow, and not as usual')
    .description(
      'Alerts of sites that are slower than usual at that time of the week (docs/anomalies.md): where, since when, and\nagainst which baseline of the six weeks before.',
    )
    .option('--from <time>', 'start of the period, city time (default: a day before the end of the data)')
    .option('--to <time>', 'end of the period, itself outside it (default: end of the data)')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: AnomalyFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const { lakeSession } = await import('../../lake-session.ts');
        const { lakeAnomalies } = await import('#analytics/anomalies/lake-anomalies.ts');
        const { lastMoment } = await import('#analytics/health/health-answer.ts');
        const db = await lakeSession(data);
        const end = await lastMoment(db);
        if (end === undefined) {
          throw new OperatorFault(
            'there is nothing to compare yet',
            'no window was ever published here',
            'send readings first: `headway replay --help`',
            1,
          );
        }
        const to = flags.to ? parseCityTime(flags.to, timezone) : end;
        const from = flags.from ? parseCityTime(flags.from, timezone) : to - DAY_MS;
        const alerts = await lakeAnomalies(db, from, to);
        db.closeSync();
        const { format } = cityTime(timezone);
        printRows(
          alerts.map((a) => ({
            site: a.siteId,
            what: a.what,
            since: format(a.since),
            raised: format(a.raisedAt),
            until: a.until === undefined ? null : format(a.until),
            speed_kmh: round(a.speedKmh),
            usual_kmh: round(a.usual.median),
            usual_spread_kmh: round(a.usual.spread),
            usual_low_kmh: round(a.usual.lowKmh),
            baseline_windows: a.usual.samples,
          })),
          flags.format,
        );
      });
    });
}

const round = (value: number) => Math.round(value * 10) / 10;
