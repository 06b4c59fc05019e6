import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { headway, saying, startHeadway, temporaryFolder, writeRecording } from './command-line.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder.path, name);
const city = (name: string, timezone: string) => ({
  HEADWAY_CITY_NAME: name,
  HEADWAY_CITY_TIMEZONE: timezone,
});
const sums =
  "SELECT sum(readings) AS readings, count(*) AS windows, (SELECT name || ' ' || timezone FROM city) AS city FROM windows";

beforeAll(() => writeRecording(inFolder('two-detectors.ndjson')));
afterAll(() => folder.remove());

/** `headway up` in a process of its own, until the test ends. */
async function up(data: string, env: NodeJS.ProcessEnv = {}) {
  const child = startHeadway(['up', '--data', data], env);
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await saying(child, 'page: ');
  return {
    child,
    mqttPort: /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(said)![1]!,
    page: /page: (\S+)/.exec(said)![1]!,
    interrupt: async () => {
      child.kill('SIGINT');
      return (await once(child, 'exit'))[0] as number | null;
    },
  };
}

test('two cities live side by side, each in its directory', async () => {
  const berlin = await up(inFolder('berlin'), city('Berlin', 'Europe/Berlin'));
  const lima = await up(inFolder('lima'), city('Lima', 'America/Lima'));
  const recording = inFolder('two-detectors.ndjson');
  const [there] = await Promise.all([
    headway(['replay', 'ndjson', recording, '--timezone', 'Europe/Berlin', '--data', inFolder('berlin')]),
    fetch(lima.page).then((page) => expect(page.status).toBe(200)),
  ]);
  expect(there.stderr).toContain('146 received = 143 counted');
  const [inBerlin, inLima] = await Promise.all(
    ['berlin', 'lima'].map((name) =>
      headway(['query', sums, '--format', 'json'], { HEADWAY_DATA: inFolder(name) }),
    ),
  );
  expect(JSON.parse(inBerlin!.stdout)).toEqual([
    { readings: 143, windows: 143, city: 'Berlin Europe/Berlin' },
  ]);
  expect(JSON.parse(inLima!.stdout)).toEqual([{ readings: null, windows: 0, city: 'Lima America/Lima' }]);
  expect(await Promise.all([berlin.interrupt(), lima.interrupt()])).toEqual([0, 0]);
});

test('a second writer on a directory is refused, the first one named; questions are answered', async () => {
  const data = inFolder('one');
  const first = await up(data, city('Berlin', 'Europe/Berlin'));
  const [second, audit] = await Promise.all([
    headway(['up', '--data', data]),
    headway(['audit', '--data', data]),
  ]);
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`another Headway writes to ${data}`);
  expect(second.stderr).toContain(`process ${first.child.pid}`);
  expect(audit.code).toBe(0);
  expect(await first.interrupt()).toBe(0);
});

test('a replay does not send through the door of another replay, which will close', async () => {
  const data = inFolder('two-replays');
  const recording = ['replay', 'ndjson', inFolder('two-detectors.ndjson'), '--data', data];
  const first = startHeadway([...recording, '--speed', '60x']);
  onTestFinished(() => void first.kill('SIGKILL'));
  while (!existsSync(join(data, 'running.json'))) await sleep(50);
  const second = await headway(recording);
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`process ${first.pid} replays a recording`);
});

test('what a killed process left does not keep the next one out', async () => {
  const data = inFolder('killed');
  const first = await up(data, city('Berlin', 'Europe/Berlin'));
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const recording = inFolder('two-detectors.ndjson');
  const sent = await headway(['replay', 'ndjson', recording, '--timezone', 'Europe/Berlin', '--data', data]);
  expect(sent.code, sent.stderr).toBe(0);
  expect(sent.stderr).toContain('146 received = 143 counted');
});

test('a port in use is named, and nothing is left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  for (const name of ['HEADWAY_GATEWAY_MQTT_PORT', 'HEADWAY_GATEWAY_MQTTS_PORT', 'HEADWAY_API_PORT']) {
    const env = { ...city('Berlin', 'Europe/Berlin'), [name]: String(port) };
    const refused = await headway(['up', '--data', inFolder('ports')], env);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(`127.0.0.1:${port}`);
    expect(refused.stderr).toContain(name);
    expect(refused.stderr).not.toContain('    at ');
  }
});

test('HEADWAY_DATA names the directory, --data before it, ./.headway after it', async () => {
  const recording = ['replay', 'ndjson', inFolder('two-detectors.ndjson'), '--no-lake'];
  await Promise.all([
    headway(recording, { HEADWAY_DATA: inFolder('from-env') }),
    headway([...recording, '--data', inFolder('from-option')], { HEADWAY_DATA: inFolder('not-this') }),
    headway(recording, {}, folder.path),
  ]);
  const received = async (data: string) => {
    const counted = await headway([
      'query',
      'SELECT sum(readings) AS n FROM ledger',
      '--format',
      'json',
      '--data',
      data,
    ]);
    return counted.code === 0 ? (JSON.parse(counted.stdout) as [{ n: number }])[0].n : counted.stderr;
  };
  const found = await Promise.all(
    ['from-env', 'from-option', '.headway', 'not-this'].map((d) => received(inFolder(d))),
  );
  expect(found.slice(0, 3)).toEqual([146, 146, 146]);
  expect(found[3]).toContain('holds no city yet');
});

test('many questions at once each bring the lake up to date in turn, and all are answered', async () => {
  const data = inFolder('asked');
  const recording = ['replay', 'ndjson', inFolder('two-detectors.ndjson'), '--no-lake', '--data', data];
  expect((await headway(recording)).code).toBe(0);
  const question = ['query', 'SELECT sum(readings) AS n FROM windows', '--format', 'json', '--data', data];
  const answers = await Promise.all(Array.from({ length: 8 }, () => headway(question)));
  expect(answers.map(({ code, stdout }) => [code, JSON.parse(stdout)])).toEqual(
    Array.from({ length: 8 }, () => [0, [{ n: 143 }]]),
  );
});
