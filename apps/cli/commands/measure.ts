import { type Command, InvalidArgumentError } from 'commander';
import { describeMeasures, getMeasure } from '#analytics/measures/measures.ts';
import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import type { runMeasure } from '#analytics/measures/run-measure.ts';
import { cityTime } from '#domain/city-time.ts';
import { OperatorFault } from '../../config.ts';
import type { lakeSession } from '../../lake-session.ts';
import { cityOf, parseCityTime, withContext } from '../context.ts';
import { type Format, formats, printRows, say } from '../print.ts';

interface MeasureFlags {
  from?: string;
  to?: string;
  corridor?: string;
  site?: string[];
  set?: string[];
  format: Format | 'parquet';
  out?: string;
  sql?: boolean;
}

export function measureCommand(program: Command): void {
  const list = describeMeasures()
    .map((m) => `  ${m.name.padEnd(22)} ${m.question}`)
    .join('\n');
  program
    .command('measure')
    .summary('answer one of the trade’s measures from the lake')
    .description(
      'Answers a measure from the lake, with its period, units, share missing and formula version on stderr. What the\ndata can not answer is said, not guessed: "not computable", exit code 1.',
    )
    .argument('[name]', 'a measure; without one, all are listed')
    .option('--from <time>', 'start of the period, city time (default: start of the data)')
    .option('--to <time>', 'end of the period, itself outside it (default: end of the data)')
    .option('--corridor <id>', 'only the sites of this corridor')
    .option('--site <id...>', 'only these sites')
    .option('--set <name=value...>', 'a parameter of the measure (docs/formulas.md)')
    .option('--format <format>', 'table, json, csv or parquet', parseMeasureFormat, 'table')
    .option('--out <file>', 'where to write Parquet')
    .option('--sql', 'print the SQL instead of running it')
    .addHelpText('after', `\nMeasures:\n${list}`)
    .action(async (name: string | undefined, flags: MeasureFlags, command: Command) => {
      if (!name) {
        const rows = describeMeasures().map(({ name, question, version, needs }) => ({
          name,
          version,
          needs: needs
            .filter(({ when }) => when.length === 0)
            .map(({ need }) => need)
            .join(', '),
          question,
        }));
        printRows(rows, flags.format === 'parquet' ? 'table' : flags.format);
        return;
      }
      getMeasure(name);
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const { lakeSession } = await import('../../lake-session.ts');
        const { copyMeasureTo, measureSql, runMeasure } = await import('#analytics/measures/run-measure.ts');
        const connection = await lakeSession(data);
        const span = await dataSpan(connection);
        const parameters: MeasureParameters = {
          from_at: flags.from ? parseCityTime(flags.from, timezone) : span.from,
          to_at: flags.to ? parseCityTime(flags.to, timezone) : span.to,
          ...(flags.corridor ? { corridor_id: flags.corridor } : {}),
          ...(flags.site ? { site_ids: flags.site } : {}),
          ...setParameters(name, flags.set ?? [], timezone),
        };
        if (flags.sql) {
          process.stdout.write(`${measureSql(name, parameters, timezone)}\n`);
          return;
        }
        if (flags.format === 'parquet') {
          if (!flags.out)
            throw new OperatorFault('Parquet needs a file', 'it is no text', 'add --out FILE.parquet');
          const copied = await copyMeasureTo(connection, name, parameters, flags.out);
          about(copied, timezone);
          if (!copied.computable) notComputable(copied.because);
          return;
        }
        const result = await runMeasure(connection, name, parameters);
        about(result, timezone);
        if (flags.format === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        if (!result.computable) return notComputable(result.because);
        if (flags.format === 'json') return;
        const named = result.columns.map((c) => ({ ...c, title: c.unit ? `${c.name} (${c.unit})` : c.name }));
        const titled = flags.format === 'table' ? named : named.map((c) => ({ ...c, title: c.name }));
        printRows(
          result.rows.map((row) => Object.fromEntries(titled.map((c) => [c.title, row[c.name]]))),
          flags.format,
          titled.map((c) => c.title),
        );
      });
    });
}

function about(
  answer: Pick<
    Awaited<ReturnType<typeof runMeasure>>,
    'title' | 'name' | 'version' | 'source' | 'period' | 'dataShare' | 'caveats'
  >,
  zone: string,
): void {
  const time = cityTime(zone);
  const { fromAt, toAt } = answer.period;
  const { missingShare, imputedShare } = answer.dataShare;
  const missing =
    missingShare === null ? 'unknown (no period promised)' : `${(missingShare * 100).toFixed(2)} %`;
  say(`${answer.title} (${answer.name}, formula version ${answer.version}; ${answer.source})`);
  say(
    `period ${time.format(fromAt)} to ${time.format(toAt)}; missing ${missing}; imputed ${(imputedShare * 100).toFixed(2)} %`,
  );
  for (const caveat of answer.caveats) say(`caveat: ${caveat}`);
}

function notComputable(because: string): void {
  say(`not computable: ${because}`);
  process.exitCode = 1;
}

async function dataSpan(
  connection: Awaited<ReturnType<typeof lakeSession>>,
): Promise<{ from: number; to: number }> {
  const result = await connection.runAndReadAll(
    'SELECT epoch_ms(min(start_at))::DOUBLE AS from_at, epoch_ms(max(start_at + to_seconds(window_s)))::DOUBLE AS to_at FROM windows',
  );
  const { from_at, to_at } = result.getRowObjectsJS()[0] as { from_at: number | null; to_at: number | null };
  if (from_at === null || to_at === null) {
    throw new OperatorFault(
      'there is nothing to measure yet',
      'no window was ever published here',
      'send readings first: `headway replay --help`',
      1,
    );
  }
  return { from: from_at, to: to_at };
}

/** City time where the measure's parameter is a moment; of the rest the measure knows which are numbers. */
function setParameters(
  measure: string,
  set: readonly string[],
  timezone: string,
): Record<string, string | number> {
  const isMoment = (parameter: string) =>
    getMeasure(measure).parameters.find((spec) => spec.name === parameter)?.type === 'timestamptz';
  return Object.fromEntries(
    set.map((text) => {
      const [name, ...value] = text.split('=');
      const joined = value.join('=');
      return [name!, isMoment(name!) ? parseCityTime(joined, timezone) : joined];
    }),
  );
}

function parseMeasureFormat(value: string): Format | 'parquet' {
  if (value === 'parquet' || (formats as readonly string[]).includes(value)) return value as Format;
  throw new InvalidArgumentError('one of table, json, csv, parquet');
}
