import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { startApi } from '#apps/api/start-api.ts';
import type { DataDirectory } from '#apps/data-directory.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { key, reading, sendAs, testCity, testConfig } from '../cli/test-city.ts';

/** Two hours of live readings up to now from one sensor that is well, and four that are not. */
async function runningCity(context: TestContext): Promise<{ data: DataDirectory; url: string }> {
  const data = await testCity(context);
  const ids = ['loop-1', 'loop-gone', 'loop-wrong', 'loop-ahead', 'loop-new'];
  await data.registry.change(
    ids.flatMap((deviceId) => [
      {
        kind: 'device',
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, domain: 'live', role: 'sensor', key },
      },
      {
        kind: 'installation',
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, siteId: '12', periodS: 60 },
      },
    ]),
  );
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  context.onTestFinished(async () => {
    await api.close();
    await pipeline.stop();
  });
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const minutes = (first: number, last: number, more = {}) =>
    Array.from({ length: last - first }, (_, i) => reading(now, first + i, more));
  const { port } = pipeline.gateway;
  await sendAs('loop-1', key, port, [minutes(-125, 0)]);
  await sendAs('loop-gone', key, port, [minutes(-180, -90)]);
  await sendAs('loop-wrong', key, port, [minutes(-60, 0, { speedKmh: 5_000 })]);
  await sendAs('loop-ahead', key, port, [minutes(60, 90)]);
  await sendAs('loop-new', 'not its key', port, []).catch(() => {});
  await pipeline.processed();
  await untilDoorIsStored(data);
  return { data, url: api.url };
}

/** Refusals are stored once a second. */
async function untilDoorIsStored(data: DataDirectory): Promise<void> {
  const refused = data.db.prepare('SELECT count(*) AS n FROM door');
  while (refused.get()!.n === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function json<T = Record<string, unknown>>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

/** With the path as it is written: fetch would tidy it up. */
function rawGet(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('an operator sees which sensors are ill and why, the worst first, and the ledger adds up', async (context) => {
  const { data, url } = await runningCity(context);
  const { sensors } = await json<{ sensors: Record<string, unknown>[] }>(`${url}/api/devices`);
  expect(sensors.map((s) => [s.deviceId, s.state, s.reason, s.refusedAtDoor])).toEqual([
    ['loop-gone', 'silent', '', []],
    ['loop-ahead', 'clock', 'ahead', []],
    ['loop-wrong', 'rejected', 'impossible', []],
    ['loop-new', 'never heard', '', ['bad-credentials']],
    ['loop-1', 'ok', '', []],
  ]);
  expect(sensors.at(-1)).toMatchObject({ observedShare: 1, site: 'High Street' });

  const ledger = await json<Record<string, number> & { hours: Record<string, number>[] }>(
    `${url}/api/ledger`,
  );
  expect(ledger).toMatchObject({ ...(await ledgerSum(data)), received: 125 + 90 + 60 + 30 });
  expect(ledger.hours).toHaveLength(48);
  expect(ledger.hours.at(-1)!.hourReceived! - ledger.hours[0]!.hourReceived!).toBe(47 * HOUR_MS);
  const inHours = (name: string) => ledger.hours.reduce((n, hour) => n + hour[name]!, 0);
  for (const name of ['counted', 'duplicate', 'restated', 'rejected', 'quarantined'])
    expect([name, inHours(name)]).toEqual([name, ledger[name]]);

  const pipeline = await json<{ partitions: Record<string, number>[]; lag: number }>(`${url}/api/pipeline`);
  expect(pipeline.lag).toBe(0);
  expect(pipeline.partitions.map((p) => p.end)).toEqual(pipeline.partitions.map((p) => p.checkpoint));

  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const text = await page.text();
  for (const seen of ['Testham', 'loop-gone', 'never heard', 'door: bad-credentials', 'impossible'])
    expect(text).toContain(seen);
  expect(text.indexOf('loop-gone')).toBeLessThan(text.indexOf('loop-wrong'));
  const silent = await (await fetch(`${url}/sensors?state=silent&q=LOOP`)).text();
  expect(silent).toContain('loop-gone');
  expect(silent).not.toContain('loop-wrong');
});

test('metrics are Prometheus text whose labels name no device', async (context) => {
  const { data, url } = await runningCity(context);
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  const text = await answer.text();
  expect(text).toContain(
    `headway_readings_total{outcome="counted",reason=""} ${(await ledgerSum(data)).counted}`,
  );
  expect(text).toContain('headway_readings_total{outcome="quarantined",reason="ahead"} 30');
  expect(text).toContain('headway_door_refused_total{reason="bad-credentials"} 1');
  expect(text).toContain('headway_lag_records{partition="0"} 0');
  expect(text).toContain('headway_sensors{state="silent"} 1');
  expect(text).not.toMatch(/loop-/);
  // Asked again, counters say the same and not twice as much.
  const again = await (await fetch(`${url}/metrics`)).text();
  expect(again).toContain('headway_readings_total{outcome="quarantined",reason="ahead"} 30');
});

test('a report is served as it is, and nothing else of the machine', async (context) => {
  const data = await testCity(context);
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  context.onTestFinished(async () => {
    await api.close();
    await pipeline.stop();
  });
  await mkdir(join(data.reportsPath, 'below'), { recursive: true });
  const report = '<!doctype html><title>A week &amp; a day</title><p>Ünnötig';
  await writeFile(join(data.reportsPath, 'weekly 1.html'), report);
  await writeFile(join(data.reportsPath, '.hidden.html'), 'secret');
  await writeFile(join(data.reportsPath, 'below', 'x.html'), 'secret');
  await symlink(data.storePath, join(data.reportsPath, 'store.html'));

  const [listed, ...others] = await json<Record<string, unknown>[]>(`${api.url}/api/reports`);
  expect(others).toEqual([]);
  expect(listed).toMatchObject({
    name: 'weekly 1.html',
    title: 'A week & a day',
    url: '/reports/weekly%201.html',
  });
  const served = await fetch(`${api.url}${listed!.url}`);
  expect(await served.text()).toBe(report);
  expect(served.headers.get('content-security-policy')).toContain('sandbox');
  expect(await (await fetch(api.url)).text()).toContain('A week &amp; a day');

  for (const path of [
    '/reports/../store.db',
    '/reports/..%2fstore.db',
    '/reports/%2e%2e/store.db',
    '/reports/..%5cstore.db',
    '/reports/below%2fx.html',
    '/reports/.hidden.html',
    '/reports/store.html',
    '/reports/%00',
    '/reports/api-token',
    '/reports//etc/passwd',
    '/store.db',
  ]) {
    expect([path, (await rawGet(api.url, path)).status]).toEqual([path, 404]);
  }
  await rm(data.reportsPath, { recursive: true });
  expect(await json(`${api.url}/api/reports`)).toEqual([]);
});

test('a page elsewhere that gives this machine another name is not answered', async (context) => {
  const data = await testCity(context);
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  context.onTestFinished(async () => {
    await api.close();
    await pipeline.stop();
  });
  expect(data.running()?.apiUrl).toBe(api.url);
  expect((await rawGet(api.url, '/healthz', { host: 'attacker.example' })).status).toBe(421);
  expect(await rawGet(api.url, '/healthz')).toEqual({ status: 200, body: 'ok\n' });
  await expect(
    startApi({
      data,
      pipeline,
      config: { ...config, api: { host: '127.0.0.1', port: Number(new URL(api.url).port) } },
    }),
  ).rejects.toThrow('could not serve the page on 127.0.0.1');
});
