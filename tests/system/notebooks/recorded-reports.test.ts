import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { htmlToPdf } from '#analytics/notebooks/html-to-pdf.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport } from '#apps/report.ts';
import { atspm } from '#ingest/recordings/atspm.ts';
import { metrLa } from '#ingest/recordings/metr-la.ts';
import type { RecordingFormat } from '#ingest/recordings/recording.ts';
import { scats } from '#ingest/recordings/scats.ts';
import { recording } from '../../shared-data.ts';
import { recordedLake } from './recorded-lake.ts';

async function lakeOf(format: RecordingFormat, path: string) {
  const opened = await format.open(path, {});
  return { connection: await recordedLake(opened), city: { name: opened.city, timezone: opened.timezone } };
}

const reportPath = async (name: string) => (await listReports()).find((r) => r.name === name)!.path;
const text = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

async function one(sql: string): Promise<Record<string, number>> {
  const db = await (await DuckDBInstance.create()).connect();
  return (await db.runAndReadAll(sql)).getRowObjectsJS()[0] as Record<string, number>;
}

test('a week of Los Angeles: the weekly and a corridor report agree with the recording read directly', async (context) => {
  const folder = recording(context, 'road/metr-la-week');
  const lake = await lakeOf(metrLa, folder);
  const period = { from: '2012-03-01', to: '2012-03-08' };

  const weekly = await renderReport({ ...lake, path: await reportPath('weekly'), parameters: period });
  expect(weekly.errors).toEqual([]);
  const truth = await one(`
    SELECT avg(speed_mph) * 1.609344 AS mean,
      avg(speed_mph) FILTER (ts_local >= '2012-03-07 17:00:00' AND ts_local < '2012-03-07 18:00:00') * 1.609344 AS wednesday
    FROM '${folder}/metr_la_week.parquet'`);
  const seen = text(weekly.html);
  expect(seen).toContain('417,312 received = 417,312 counted + 0 duplicate');
  expect(seen).toContain(
    `traffic moved at ${Math.round(truth.mean!)} km/h on average across 207 measured sites`,
  );
  expect(seen).toContain(
    `Wednesday between 17:00 and 18:00 , when the average fell to ${Math.round(truth.wednesday!)} km/h`,
  );
  expect(seen).toContain('Speeds came without vehicle counts');
  expect(weekly.html.length).toBeLessThan(1_500_000);

  const corridor = await renderReport({
    ...lake,
    path: await reportPath('corridor'),
    parameters: { corridor: 'us101-s-hollywood-downtown', ...period },
  });
  expect(corridor.errors).toEqual([]);
  expect(text(corridor.html)).toContain('Length 12.9 km 19 sites, 19 with speeds');
  // 19 of 207 sensors.
  expect(text(corridor.html)).toContain('38,304 received = 38,304 counted');

  const folderOut = mkdtempSync(join(tmpdir(), 'headway-report-'));
  writeFileSync(join(folderOut, 'weekly.html'), weekly.html);
  const found = (process.env.PATH ?? '').split(delimiter).some((f) => existsSync(join(f, 'chromium')));
  if (!process.env.CHROMIUM && !found) return;
  const pdf = await htmlToPdf(join(folderOut, 'weekly.html'), join(folderOut, 'weekly.pdf'));
  expect(pdf).toMatchObject({ written: true });
  expect(readFileSync(join(folderOut, 'weekly.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
});

test('three weeks of Melbourne: volumes, the peak hour and no speeds', async (context) => {
  const lake = await lakeOf(scats, recording(context, 'road/scats-melbourne'));
  const page = await renderReport({
    ...lake,
    path: await reportPath('weekly'),
    parameters: { from: '2006-10-01', to: '2006-10-22' },
  });
  expect(page.errors).toEqual([]);
  expect(text(page.html)).toContain('Not computable: speed, delay and travel time (no speed).');
  expect(text(page.html)).toContain('The busiest hour was');
});

test('three hours of Portland’s signals: actuations by controller', async (context) => {
  const folder = recording(context, 'road/atspm-odot');
  const page = await renderReport({
    ...(await lakeOf(atspm, folder)),
    path: await reportPath('weekly'),
    parameters: { from: '2024-05-13', to: '2024-05-14' },
  });
  expect(page.errors).toEqual([]);
  const { n } = await one(
    `SELECT count(*)::INT AS n FROM '${folder}/hires_test_data.parquet' WHERE "EventId" = 82`,
  );
  expect(text(page.html)).toContain(`${n!.toLocaleString('en-GB')} times`);
});
