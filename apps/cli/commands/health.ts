import type { Command } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS } from '#domain/instant.ts';
import { OperatorFault } from '../../config.ts';
import { cityOf, parseCityTime, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';
import { progress } from '../progress.ts';

interface HealthFlags {
  from?: string;
  to?: string;
  format: Format;
}

/** Without a period: the last so many days of the data. */
const USUAL_DAYS = 7;

export function healthCommand(program: Command): void {
  program
    .command('health')
    .summary('which detectors are ill, of what, and what to mend first')
    .description(
      'Judges every detector on every day of the period (docs/health.md) where that is not done yet or data have changed,\nand prints the days that are not healthy, then the work list: what to mend, first what brings back most\nvehicle-kilometres. As csv: every verdict.',
    )
    .option('--from <date>', 'first day, city time (default: a week before the end of the data)')
    .option('--to <date>', 'the day after the last (default: end of the data)')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: HealthFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const { dateOf } = cityTime(timezone);
        const { openSession, refreshLake } = await import('../../lake-session.ts');
        const { workDueNights } = await import('../../nights.ts');
        const { healthAnswer, lastMoment } = await import('#analytics/health/health-answer.ts');
        await refreshLake(data);
        const before = await openSession(data);
        const end = await lastMoment(before);
        before.closeSync();
        if (end === undefined) {
          throw new OperatorFault(
            'there are no detectors to judge yet',
            'no window was ever published here',
            'send readings first: `headway replay --help`',
            1,
          );
        }
        const dayAfter = dateOf(end - 1 + DAY_MS);
        const to = flags.to ? dateOf(parseCityTime(flags.to, timezone)) : dayAfter;
        const from = flags.from
          ? dateOf(parseCityTime(flags.from, timezone))
          : new Date(Date.parse(to) - USUAL_DAYS * DAY_MS).toISOString().slice(0, 10);
        const bar = progress('judging', undefined);
        await workDueNights(data, { from, to, onProgress: (n, total) => bar.update(n, `of ${total} days`) });
        bar.end();
        const db = await openSession(data);
        const answer = await healthAnswer(db, from, to);
        db.closeSync();
        if (flags.format === 'csv') printRows(answer.verdicts, 'csv');
        else if (flags.format === 'json') process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
        else {
          const ill = answer.verdicts.filter((v) => v.verdict !== 'healthy');
          printRows(
            ill.map(({ date, device_id, direction, lane, verdict, cause, detail, since }) => ({
              date,
              device: device_id,
              direction,
              lane,
              verdict,
              cause,
              detail,
              since,
            })),
            'table',
          );
          process.stdout.write('\n');
          printRows(
            answer.repairs.map((r) => ({
              repair: r.repair,
              cause: r.cause,
              'veh km a day': whole(r.vkt_veh_km_day),
              'vehicles a day': whole(r.vehicles_day),
              devices: r.devices,
              since: r.since,
              days: r.days,
              open: r.still_open ? 'yes' : 'no',
              'what to do': r.what_to_do,
            })),
            'table',
          );
        }
        const { days, healthy, flawed, bad } = answer.sum;
        say(
          `${from} to ${to}: ${days.toLocaleString('en-GB')} detector-days = ${healthy.toLocaleString('en-GB')} healthy + ${flawed.toLocaleString('en-GB')} flawed + ${bad.toLocaleString('en-GB')} bad (rules version ${answer.version}${answer.stale > 0 ? `; ${answer.stale} of them stale` : ''})`,
        );
      });
    });
}

function whole(value: unknown): number | null {
  return typeof value === 'number' ? Math.round(value) : null;
}
