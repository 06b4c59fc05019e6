import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import { expect, type TestContext, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { type Role, roles } from '#apps/roles.ts';
import { type FigureAlert, figureAlerts } from '#infra/deploy/figure-alerts.ts';
import { appRoles } from '#infra/deploy/holders.ts';
import { sendAs } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { keyOf, sensor } from '../recovery/run-pipeline.ts';
import { type LogRow, runKql } from './kql.ts';
import { localServices } from './local-services.ts';
import { type RoleProcess, startRole } from './role-process.ts';

const alerts = figureAlerts(appRoles);

test('each role tells what the alert rules ask for, answers for its health, and is missed when it is gone', async (context) => {
  const directory = await temporaryDirectory(context);
  const services = await localServices(directory, 2);
  context.onTestFinished(services.close);
  const settings = {
    ...services.settings,
    HEADWAY_BALANCE_INTERVAL_S: '0.5',
    HEADWAY_BALANCE_EXPIRY_S: '3',
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
    HEADWAY_LAKE_EXPORT_EVERY_S: '5',
    HEADWAY_GATEWAY_MQTT_PORT: '0',
    HEADWAY_GATEWAY_MQTTS_PORT: '0',
    HEADWAY_API_PORT: '0',
    HEADWAY_HEALTH_PORT: '0',
    HEADWAY_FIGURES_EVERY_S: '1',
    HEADWAY_BRIDGE_URL: await broker(context),
  };

  // One that comes before the city: alive, and not ready.
  const waits = Promise.withResolvers<string>();
  const processing = startRole('processor', directory, settings, (said) => {
    const url = /health: (\S+)\/healthz/.exec(said)?.[1];
    if (url && said.includes('no city is named yet')) waits.resolve(url);
  });
  const early = await waits.promise;
  expect((await fetch(`${early}/healthz`)).status).toBe(200);
  const notReady = await fetch(`${early}/readyz`);
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toMatchObject({ roles: { processor: { detail: 'no city is named yet' } } });

  const data = await openCity(join(directory, 'own'), readConfig(undefined, settings));
  context.onTestFinished(data.close);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  await data.registry.change(sensor('loop-1'));
  const others = roles.filter((role) => role !== 'processor');
  const started = await Promise.all([
    processing,
    ...others.map((role) => startRole(role, directory, settings)),
  ]);
  context.onTestFinished(async () => {
    for (const one of started) if (one.isAlive()) await one.kill();
  });
  const running = new Map<Role, RoleProcess>(
    (['processor', ...others] as const).map((role, i) => [role, started[i]!]),
  );

  await sendAs('loop-1', keyOf('loop-1'), running.get('gateway')!.mqttPort(), ['{}', 'not JSON']);
  const toldBy = (role: Role): Record<string, number>[] =>
    linesOf(running.get(role)!).map((l) => JSON.parse(l));
  await until(() => toldBy('processor').some(({ deadLetters }) => deadLetters! > 0));
  await until(() => toldBy('exporter').some(({ lakeAgeS }) => lakeAgeS !== null));
  for (const role of roles) {
    await until(() => toldBy(role).length > 1);
    const { healthUrl } = running.get(role)!;
    await until(async () => (await fetch(`${healthUrl()}/readyz`)).status === 200);
    expect((await fetch(`${healthUrl()}/healthz`)).status, role).toBe(200);
    expect((await fetch(`${healthUrl()}/nowhere`)).status).toBe(404);
  }
  expect(toldBy('gateway').reduce((n, { durable }) => n + durable!, 0)).toBe(2);
  expect(toldBy('bridge').at(-1)).toMatchObject({ connected: 1 });

  // What a rule asks of a line, a role that it asks has told.
  for (const { name, query } of alerts) {
    for (const [, figure] of query.matchAll(/told\.(\w+)/g)) {
      const asked = roles.filter((role) => query.includes(`'${role}'`));
      for (const role of asked.length > 0 ? asked : roles)
        expect(
          toldBy(role).some((told) => told[figure!] != null),
          `${name}: ${figure} of ${role}`,
        ).toBe(true);
    }
  }

  const healthy = rowsOf([...running.values()]);
  expect(firing(healthy)).toEqual([]);
  expect(runKql(rule('dead-letters').query, { ContainerAppConsoleLogs: healthy })).toEqual([{ refused: 2 }]);

  await running.get('bridge')!.kill();
  const gone = Date.now();
  await sleep(2_500);
  const since = rowsOf([...running.values()]).filter(({ TimeGenerated }) => TimeGenerated.getTime() > gone);
  expect(firing(since)).toEqual(['silent-role']);
  expect(firing([])).toEqual(['silent-role']);
}, 240_000);

test('a rule fires for what it is about, and for nothing less', () => {
  const line = (role: string, minute: number, told: object): LogRow => ({
    TimeGenerated: new Date(Date.UTC(2026, 4, 4, 8, minute)),
    Log: JSON.stringify({ figures: role, ...told }),
  });
  const minutes = Array.from({ length: 15 }, (_, minute) => minute);
  const city = (told: (role: string, minute: number) => object): LogRow[] =>
    minutes.flatMap((minute) => appRoles.map((role) => line(role, minute, told(role, minute))));

  expect(firing(city(() => ({ lagRecords: 10, deadLetters: 0, lakeAgeS: 300 })))).toEqual([]);
  // A burst that is worked off within the quarter of an hour is none.
  expect(firing(city((_, minute) => ({ lagRecords: minute < 10 ? 900_000 : 100 })))).toEqual([]);
  expect(firing(city(() => ({ lagRecords: 200_001 })))).toEqual(['consumer-lag']);
  expect(firing(city((role) => (role === 'processor' ? { deadLetters: 67 } : {})))).toEqual(['dead-letters']);
  expect(firing(city((role) => (role === 'processor' ? { deadLetters: 66 } : {})))).toEqual([]);
  expect(firing(city(() => ({ lakeAgeS: 10_801 })))).toEqual(['lake-late']);
  // No processor is left: the exporter still tells how far behind the city is.
  const without = city(() => ({ lagRecords: 300_000 })).filter(
    ({ Log }) => !String(Log).includes('processor'),
  );
  expect(firing(without)).toEqual(['consumer-lag', 'silent-role']);
});

function rule(name: string): FigureAlert {
  return alerts.find((alert) => alert.name === name)!;
}

/** As Azure Monitor judges: the largest value of the column, if there is one. */
function firing(rows: readonly LogRow[]): string[] {
  return alerts
    .filter(({ query, column, operator, threshold }) => {
      const found = runKql(query, { ContainerAppConsoleLogs: rows })
        .map((row) => row[column] as number | null)
        .filter((v) => v !== null);
      if (found.length === 0) return false;
      const value = Math.max(...found);
      return operator === 'GreaterThan' ? value > threshold : value < threshold;
    })
    .map(({ name }) => name);
}

function linesOf(one: RoleProcess): string[] {
  return one.told().split('\n').slice(0, -1);
}

/** As Container Apps carry output to Log Analytics: a row a line, also those that are no figures. */
function rowsOf(processes: readonly RoleProcess[]): LogRow[] {
  return processes.flatMap((one) => [
    ...linesOf(one).map((Log) => ({ TimeGenerated: new Date(JSON.parse(Log).at), Log })),
    ...one
      .said()
      .split('\n')
      .map((Log) => ({ TimeGenerated: new Date(), Log })),
  ]);
}

async function broker(context: TestContext): Promise<string> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.onTestFinished(() => {
    aedes.close();
    server.close();
  });
  return `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await what()); await sleep(100))
    if (Date.now() > end) throw new Error(`never: ${what}`);
}
