import { basename } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { type CityTime, cityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import { keepAsked } from '../lake/keep-asked.ts';
import { type BlockFailure, failureBox } from './block-failure.ts';
import { dataCaveats } from './data-caveats.ts';
import { type DataShare, dataShare } from './data-share.ts';
import { type Drawing, drawing } from './drawing.ts';
import { evaluate } from './evaluate.ts';
import { escapeHtml, fmt, wallClock } from './format.ts';
import { type LedgerSum, ledgerSum } from './ledger-sum.ts';
import { fillText } from './markdown.ts';
import type { MeasureParameters, RunMeasure } from './measure-runner.ts';
import { mergeRuns } from './merge-runs.ts';
import { type Notebook, parseNotebook } from './notebook.ts';
import { page } from './page.ts';
import { palette } from './palette.ts';
import { type Parameter, resolveParameters } from './parameters.ts';
import { type Period, periodOf } from './period.ts';
import { type Bindings, instantValue, query } from './query.ts';
import { renderCells } from './render-cells.ts';
import { restsOn } from './rests-on.ts';
import { runBlocks } from './run-blocks.ts';
import { setSession } from './session.ts';
import { type MapSite, type SiteMap, siteMap } from './site-map.ts';

export interface NotebookRequest {
  /** The notebook's text. */
  source: string;
  /** Where it came from; printed, not read. */
  path: string;
  /** On the lake's views and macros, time zone UTC; used by this rendering alone until it is done. */
  connection: DuckDBConnection;
  /** As written by a person: dates in city time. */
  parameters: Readonly<Record<string, string | number>>;
  runMeasure?: RunMeasure | undefined;
  city: { name: string; timezone: string };
  /** Newest moment the data can speak of: the checkpoint's newest `receivedAt`. */
  asOf?: Instant | undefined;
}

export interface RenderedNotebook {
  /** One self-contained page, also where blocks failed. */
  html: string;
  title: string;
  /** Empty where every block did its work. */
  errors: BlockFailure[];
}

/** Runs a notebook's queries, then renders its text, tables and plots. What fails is in the page and in `errors`. */
export async function renderNotebook(request: NotebookRequest): Promise<RenderedNotebook> {
  const time = cityTime(request.city.timezone);
  let notebook: Notebook;
  let parameters: Parameter[];
  try {
    notebook = parseNotebook(request.source);
    parameters = await resolveParameters(notebook.meta.parameters, request.parameters, {
      connection: request.connection,
      time,
      asOf: request.asOf,
    });
    checkPeriod(parameters);
  } catch (error) {
    return unreadable(request, (error as Error).message);
  }
  return render(request, notebook, parameters, time, drawing());
}

function checkPeriod(parameters: readonly Parameter[]): void {
  const [from, to] = ['from', 'to'].map((name) => parameters.find((p) => p.spec.name === name));
  if (from && to && from.value >= to.value) {
    throw new Error(`the period ends (${to.text}) before it begins (${from.text}); "to" is not included`);
  }
}

function unreadable(request: NotebookRequest, message: string): RenderedNotebook {
  const failure = { block: 'front matter', line: 0, message };
  const title = basename(request.path);
  const html = page({
    lang: 'en-GB',
    title,
    kicker: request.city.name,
    lines: [],
    body: failureBox(failure),
  });
  return { html, title, errors: [failure] };
}

async function render(
  request: NotebookRequest,
  notebook: Notebook,
  parameters: Parameter[],
  time: CityTime,
  canvas: Drawing,
): Promise<RenderedNotebook> {
  const { connection, city, asOf } = request;
  const errors: BlockFailure[] = [];
  const value = (name: string) =>
    parameters.find((p) => p.spec.name === name && p.spec.type === 'date')?.value;
  const [fromAt, toAt] = [value('from'), value('to')] as [Instant | undefined, Instant | undefined];
  const period = fromAt === undefined || toAt === undefined ? undefined : periodOf(time, fromAt, toAt);

  await setSession(connection, { parameters, period, asOf, timezone: city.timezone });
  if (period) await keepAsked(connection, false);
  const { share, sum, caveats } = await foundations(connection, period, errors);
  const scope = {
    params: Object.fromEntries(parameters.map((p) => [p.spec.name, p.value])),
    period,
    city,
    asOf: asOf === undefined ? null : wallClock(time, asOf),
    missing: share?.missingShare ?? null,
    fmt,
    palette,
    mergeRuns,
    map: (options: SiteMap<MapSite>) => siteMap(canvas.Plot, options),
    Plot: canvas.Plot,
    d3: canvas.d3,
  };
  const run = await runBlocks(notebook, {
    connection,
    runMeasure: request.runMeasure,
    bindings: bindingsOf(parameters, period),
    scope,
    measureParameters: measureParameters(parameters, period, asOf),
  });
  const localTime = (moment: Date) => wallClock(time, moment.getTime());
  const body = renderCells(
    notebook,
    { run, scope, drawing: canvas, period, missingShare: share?.missingShare ?? null, localTime },
    errors,
  );
  const title = plainTitle(notebook.meta.title, { ...scope, ...run.named });
  const asOfText = asOf === undefined ? undefined : moment(wallClock(time, asOf));
  const foot = restsOn({
    city,
    period,
    asOf:
      asOfText === undefined
        ? undefined
        : { text: asOfText, beforeEnd: period !== undefined && asOf! < period.toAt },
    sum,
    share,
    caveats,
    results: [...run.results.values()],
    parameters,
    notebook: basename(request.path),
  });
  for (const name of run.results.keys()) await query(connection, `DROP TABLE IF EXISTS temp.${name}`);
  // What another notebook asks on this session is not of this one's route or stop.
  for (const { spec } of parameters) await query(connection, `RESET VARIABLE "${spec.name}"`);
  const html = page({
    lang: notebook.meta.lang,
    title,
    kicker: notebook.meta.kicker ?? city.name,
    lines: [period?.text ?? '', asOfText === undefined ? '' : `Data as of ${asOfText}`],
    body: `${errors.length > 0 ? warning(errors) : ''}${body}\n${foot}`,
  });
  return { html, title, errors };
}

const moment = (wall: Date) => `${fmt.day(wall)}, ${fmt.time(wall)}`;

function plainTitle(title: string, scope: Record<string, unknown>): string {
  try {
    return fillText(title, (expression) => evaluate(expression, scope));
  } catch {
    return title;
  }
}

function warning(errors: readonly BlockFailure[]): string {
  const names = errors.map((e) => e.block).join(', ');
  return `<div class="failed" role="alert"><p><strong>This report is incomplete:</strong> ${fmt.count(errors.length, 'failure')} (${escapeHtml(names)}).</p></div>\n`;
}

async function foundations(
  connection: DuckDBConnection,
  period: Period | undefined,
  errors: BlockFailure[],
): Promise<{ share: DataShare | undefined; sum: LedgerSum | undefined; caveats: string[] }> {
  if (!period) return { share: undefined, sum: undefined, caveats: [] };
  const attempt = async <T>(block: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      errors.push({ block, line: 0, message: (error as Error).message });
      return undefined;
    }
  };
  return {
    share: await attempt('missing data', dataShare(connection)),
    sum: await attempt('ledger sum', ledgerSum(connection, period.fromAt, period.toAt)),
    caveats: (await attempt('caveats of the data', dataCaveats(connection))) ?? [],
  };
}

function measureParameters(
  parameters: readonly Parameter[],
  period: Period | undefined,
  asOf: Instant | undefined,
): MeasureParameters | undefined {
  if (!period) return undefined;
  const ofType = (type: string) => parameters.find((p) => p.spec.type === type)?.text;
  const [corridor, site] = [ofType('corridor'), ofType('site')];
  return {
    from_at: period.fromAt,
    to_at: period.toAt,
    ...(asOf === undefined ? {} : { as_of: asOf }),
    ...(corridor === undefined ? {} : { corridor_id: corridor }),
    ...(site === undefined ? {} : { site_ids: [site] }),
  };
}

function bindingsOf(parameters: readonly Parameter[], period: Period | undefined): Bindings {
  const bindings: Record<string, DuckDBValue> = {};
  for (const p of parameters) {
    bindings[p.spec.name] = p.spec.type === 'date' ? instantValue(p.value as Instant) : p.value;
  }
  if (period) {
    bindings.from_at = instantValue(period.fromAt);
    bindings.to_at = instantValue(period.toAt);
    bindings.row = period.row;
  }
  return bindings;
}
