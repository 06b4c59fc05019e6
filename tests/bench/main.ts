// `npm run bench`: what Headway must reach, measured, each figure beside its limit or a peer.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ackLatency } from './ack-latency.ts';
import { azureLocalBench } from './azure-local.ts';
import { type Bench, type BenchRow, medians, verdict } from './bench-row.ts';
import { benchTable } from './bench-table.ts';
import { besideNodeRed } from './beside-node-red.ts';
import { cosmosStoreBench } from './cosmos-store.ts';
import { eventHubsBench } from './event-hubs.ts';
import { gatewayIngest } from './gateway-ingest.ts';
import { gtfsImport } from './gtfs-import.ts';
import { imputation } from './imputation.ts';
import { liveTransit } from './live-transit.ts';
import { benchLogAppend } from './log-append.ts';
import { type Machine, machine } from './machine.ts';
import { manySensors } from './many-sensors.ts';
import { nightly } from './nightly.ts';
import { processing } from './processing.ts';
import { startOnce } from './start-once.ts';
import { transitMonth } from './transit-month.ts';
import { transitReplay } from './transit-replay.ts';
import { wholePath } from './whole-path.ts';
import { year } from './year.ts';

/** Without Node-RED the whole path is still measured. */
const benches = (short: boolean): Bench[] => [
  { name: 'log', run: benchLogAppend },
  gatewayIngest,
  processing,
  manySensors,
  eventHubsBench,
  cosmosStoreBench,
  azureLocalBench,
  ackLatency,
  short || besideNodeRed.missing?.() ? wholePath : besideNodeRed,
  liveTransit,
  transitReplay,
  transitMonth,
  gtfsImport,
  nightly,
  imputation,
  startOnce,
  year,
];

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string' },
    short: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(`npm run bench -- [--only NAME] [--runs N] [--short] [--save]

  --only NAMES one or more, with commas, of ${benches(true)
    .map((b) => b.name)
    .join(', ')}, node-red
  --runs N     medians of so many runs (3; with --short 1)
  --short      that all can be measured, in under a minute; no Node-RED; figures mean little
  --save       writes bench-results/DATE.json, and the table into docs/benchmarks.md`);
  process.exit(0);
}

const only = flags.only?.split(',');
const runs = Number(flags.runs ?? (flags.short ? 1 : 3));
const chosen = [...benches(flags.short), ...(only?.includes(wholePath.name) ? [wholePath] : [])].filter(
  (bench, i, all) => (!only || only.includes(bench.name)) && all.indexOf(bench) === i,
);
if (chosen.length === 0) throw new Error(`there is no bench ${flags.only}; see --help`);
const about = machine();
describe(about);

const rows: BenchRow[] = [];
for (const bench of chosen) {
  const missing = bench.missing?.();
  if (missing) {
    console.log(`not measured: ${bench.name}: ${missing}`);
    continue;
  }
  const results: BenchRow[][] = [];
  for (let run = 1; run <= (bench === startOnce || bench === year ? 1 : runs); run++) {
    console.error(`${bench.name}, run ${run}`);
    results.push(await bench.run(flags.short ? 'short' : 'full'));
  }
  rows.push(...medians(results));
}
console.log(`\n${benchTable(rows, 'text')}\n`);
if (flags.save) save();
const missed = rows.filter((row) => verdict(row) === 'MISSED').length;
console.log(missed === 0 ? 'every limit is met' : `${missed} of the limits missed`);
if (missed > 0 && !flags.short) process.exitCode = 1;

function describe({ machine, loadBefore, yardstick, versions }: Machine): void {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  console.log(`${machine}; load before ${loadBefore}; ${yardstick}\n${packages.join(', ')}`);
}

function save(): void {
  const root = resolve(import.meta.dirname, '../..');
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync(join(root, 'bench-results'), { recursive: true });
  const path = join(root, 'bench-results', `${date}.json`);
  writeFileSync(path, `${JSON.stringify({ date, runs, ...about, rows }, null, 2)}\n`);
  const page = join(root, 'docs', 'benchmarks.md');
  const packages = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
  const table = `Measured ${date}, medians of ${runs} runs, on ${about.machine} (load before ${about.loadBefore}; ${about.yardstick}); ${packages.join(', ')}.\n\n${benchTable(rows, 'markdown')}`;
  const marked = /(<!-- bench -->\n)[\s\S]*?(\n<!-- \/bench -->)/;
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(marked, (_, from, to) => `${from}${table}${to}`),
  );
  console.log(`saved in ${path} and ${page}`);
}
