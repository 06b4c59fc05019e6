import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { computabilityPage } from '#analytics/measures/computability-page.ts';
import { formulasPage } from '#analytics/measures/formulas-page.ts';
import { describeMeasures, getMeasure, measures } from '#analytics/measures/measures.ts';
import { resolveParameters } from '#analytics/measures/parameters.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { copyMeasureTo, measureSql, runMeasure } from '#analytics/measures/run-measure.ts';
import { isSitelessNeed } from '#analytics/measures/siteless-needs.ts';
import { series, smallLake } from '../../golden/measures/small-lake.ts';

const root = resolve(import.meta.dirname, '../../..');
const period = { from_at: Date.parse('2024-05-13T00:00:00Z'), to_at: Date.parse('2024-05-15T00:00:00Z') };
const parametersOf = (name: string) => ({
  ...period,
  ...(getMeasure(name).needs.some(({ need }) => need === 'corridor') ? { corridor_id: 'c' } : {}),
  ...(name === 'person-delay' ? { persons: 'car=1.3 bus=20' } : {}),
  ...(name === 'before-after' ? { treated: 'a' } : {}),
  ...(name === 'counter-agreement' ? { site: 'b', against: 'a', complete_share: 0 } : {}),
});

/** What they look for is not in the lake below; their golden tests have it. */
const searches: string[] = [
  'bottlenecks',
  'bottleneck-episodes',
  'slow-sections',
  'slow-outliers',
  'level-of-service',
  'design-hour',
  'before-after',
];

let lake: DuckDBConnection;
beforeAll(async () => {
  lake = await smallLake({
    sites: [{ site: 'a', limit: 80, lanes: 1 }, { site: 'b' }],
    corridors: {
      c: [
        ['a', 0],
        ['b', 2],
      ],
    },
    screenlines: { river: [{ site: 'a' }, { site: 'b', sense: 'out' }] },
    devices: [
      { device: 'd-a', site: 'a' },
      { device: 'd-b', site: 'b' },
      { device: 'd-silent', site: 'b', lanes: [9] },
    ],
    windows: [
      ...['a', 'b'].flatMap((site) =>
        series(
          '2024-05-13T00:00:00Z',
          Array.from({ length: 288 }, () => ({
            site,
            count: 30,
            speedKmh: 60,
            classes: { car: 28, bus: 2 },
            drivers: [[60, 30]] as [number, number][],
          })),
        ),
      ),
      ...series('2024-05-13T08:00:00Z', [{ site: 'single-loop', count: 10, occupancy: 0.01 }]),
    ],
  });
});

describe('every measure', () => {
  it('is one SQL file and one line of the registry', () => {
    const files = readdirSync(join(root, 'analytics/measures')).filter((file) => file.endsWith('.sql'));
    expect(files.sort()).toEqual(measures.map((name) => `${name}.sql`).sort());
  });

  it('stands in docs/formulas.md as its header says', () => {
    // Out of date? Run: node analytics/measures/formulas-page.ts
    expect(readFileSync(join(root, 'docs/formulas.md'), 'utf8')).toBe(formulasPage());
  });

  it('stands in docs/computability.md with what it needs', () => {
    // Out of date? Run: node analytics/measures/computability-page.ts
    expect(readFileSync(join(root, 'docs/computability.md'), 'utf8')).toBe(computabilityPage());
  });

  it('has a golden test by name', () => {
    const golden = readdirSync(join(root, 'tests/golden/measures'))
      .map((file) => readFileSync(join(root, 'tests/golden/measures', file), 'utf8'))
      .join('\n');
    expect(measures.filter((name) => !golden.includes(`'${name}'`))).toEqual([]);
  });

  // Those of transit stand on other tables: tests/golden/measures/transit.test.ts.
  const ofRoads = measures.filter((name) => !getMeasure(name).needs.some(({ need }) => isSitelessNeed(need)));
  it.each(ofRoads)('%s answers with the columns its header promises, in that order', async (name) => {
    const result = await runMeasure(lake, name, parametersOf(name));
    if (!result.computable) throw new Error(result.because);
    expect(result.columns.map((column) => column.name)).toEqual(
      getMeasure(name).columns.map(({ name }) => name),
    );
    // A HUGEINT would become a floating-point number in Parquet.
    expect(result.columns.map(({ type }) => type)).not.toContain('HUGEINT');
    if (!searches.includes(name)) expect(result.rows.length).toBeGreaterThan(0);
  });

  it('agrees with the others on parameters of the same name', () => {
    const defaults = new Map<string, unknown>();
    for (const { parameters } of describeMeasures()) {
      for (const { name, default: value } of parameters) {
        if (!['by', 'days', 'bin_minutes'].includes(name)) {
          expect([name, defaults.get(name) ?? value]).toEqual([name, value]);
          defaults.set(name, value);
        }
      }
    }
  });
});

describe('an answer', () => {
  it('carries period, units, share missing and formula version', async () => {
    const result = await runMeasure(lake, 'vkt', period);
    expect(result).toMatchObject({
      name: 'vkt',
      version: 3,
      period: { fromAt: period.from_at, toAt: period.to_at, cityTz: 'UTC' },
      parameters: { by: 'day', panel_share: 0.9, site_ids: null },
      // d-a and d-b observed the one day there is; d-silent nothing of it.
      dataShare: { expectedS: 3 * 86_400, observedS: 2 * 86_400, imputedShare: 0 },
    });
    expect(result.dataShare.missingShare).toBeCloseTo(1 / 3, 12);
    expect(result.computable && result.columns.find(({ name }) => name === 'vkt_veh_km')!.unit).toBe(
      'veh km',
    );
  });

  it('is of the sites or the corridor asked for, and so is the share missing', async () => {
    const of = async (more: object) => {
      const result = await runMeasure(lake, 'flow-profile', { ...period, ...more });
      return [result.computable && result.rows[0]!.sites, result.dataShare.expectedS];
    };
    expect(await of({})).toEqual([2, 259_200]);
    expect(await of({ site_ids: ['a'] })).toEqual([1, 86_400]);
    expect(await of({ corridor_id: 'c' })).toEqual([2, 259_200]);
    expect((await runMeasure(lake, 'flow-profile', { ...period, site_ids: [] })).computable).toBe(false);
  });

  it('leaves the session as it found it', async () => {
    await lake.run(`SET VARIABLE from_at = TIMESTAMPTZ '2020-01-01 00:00:00+00'; SET VARIABLE "by" = 'mine'`);
    await runMeasure(lake, 'vkt', period);
    expect(await rowsOf(lake, "SELECT getvariable('from_at') AS at_, getvariable('by') AS how")).toEqual([
      { at_: '2020-01-01T00:00:00Z', how: 'mine' },
    ]);
    await lake.run(`RESET VARIABLE from_at; RESET VARIABLE "by"`);
    expect(await rowsOf(lake, 'SELECT count(*) AS n FROM asked_windows')).toEqual([{ n: 577 }]);
  });

  it('can be copied to Parquet with its formula and shares inside', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'measure-')), "it's vkt.parquet");
    const copied = await copyMeasureTo(lake, 'vkt', period, path);
    expect(copied).toMatchObject({ computable: true, rowCount: 1, path });
    const quoted = `'${path.replaceAll("'", "''")}'`;
    expect(await rowsOf(lake, `SELECT vkt_veh_km, sites FROM ${quoted}`)).toEqual([
      { vkt_veh_km: 17_280, sites: 2 },
    ]);
    const metadata = await rowsOf(
      lake,
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${quoted})`,
    );
    expect(metadata).toContainEqual({ key: 'formula', value: 'vkt version 3' });
    expect(metadata.map(({ key }) => key)).toContain('data_share');
    const refused = await copyMeasureTo(lake, 'counts', { ...period, kind: 'signal-event' }, `${path}.none`);
    expect(refused).toMatchObject({ computable: false, because: 'no actuations' });
  });

  it('can be had as SQL that a person runs in a session of the lake', async () => {
    const sql = measureSql('vkt', { ...period, by: 'site' });
    expect((await rowsOf(lake, sql)).map((row) => row.site_id)).toEqual(['a', 'b']);
    await lake.run(`RESET VARIABLE from_at; RESET VARIABLE to_at; RESET VARIABLE "by"`);
  });
});

describe('a parameter', () => {
  const read = (name: string, more: object) =>
    resolveParameters(getMeasure(name), { ...period, ...more }, 'UTC');

  it('is text or a number as its measure declares it, however it was written', () => {
    expect(read('headways', { route: 12 }).route).toBe('12');
    expect(read('headways', { route: '012' }).route).toBe('012');
    expect(read('vkt', { panel_share: '0.5' }).panel_share).toBe(0.5);
  });
});

describe('what can not be asked', () => {
  const refused = async (name: string, more: object) =>
    runMeasure(lake, name, { ...period, ...more }).then(
      () => 'answered',
      (error: Error & { hint: string }) => `${error.name}: ${error.message}; ${error.hint}`,
    );

  it('is refused with what there is', async () => {
    expect(await refused('vtk', {})).toMatch(/^MeasureFault: there is no measure "vtk"; measures: .*vkt/);
    expect(await refused('vkt', { kind: 1 })).toMatch(
      /^MeasureFault: vkt has no parameter kind; it has .*panel_share/,
    );
    expect(await refused('vkt', { by: 'hour' })).toBe(
      'MeasureFault: parameter by can not be "hour"; one of day, month, site',
    );
    expect(await refused('vkt', { panel_share: 'most' })).toMatch(
      /^MeasureFault: parameter panel_share can not be/,
    );
    expect(await refused('vkt', { to_at: period.from_at })).toMatch(/^MeasureFault: the period is empty/);
    expect(await refused('corridor-speed-map', {})).toMatch(/corridor_id is not given; corridors: c$/);
    expect(await refused('corridor-speed-map', { corridor_id: 'x' })).toMatch(
      /no corridor "x".*corridors: c$/,
    );
  });

  it('can not smuggle SQL through a parameter', async () => {
    const evil = "x'; DROP TABLE windows; --";
    const result = await runMeasure(lake, 'vkt', { ...period, site_ids: [evil] });
    expect(result).toMatchObject({ computable: false, because: 'no data in this period' });
    expect(await rowsOf(lake, 'SELECT count(*) AS n FROM windows')).toEqual([{ n: 577 }]);
  });
});
