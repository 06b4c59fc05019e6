import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { auditDifferences } from '../recovery/audit-differences.ts';
import { headway, saying, startHeadway, temporaryFolder, writeRecording } from './command-line.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'larkmere');
const start = ['start', '--once', '--days', '1', '--sensors', '40', '--data', data];
afterAll(() => folder.remove());

const reportOf = (said: string) => /^weekly report: (.+)$/m.exec(said)?.[1] ?? '';

test('start --once, killed and begun again, sends a past, prints the ledger sum, writes the report and ends', async () => {
  const killed = startHeadway(start);
  await saying(killed, 'sending its last');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const ran = await headway(start);
  expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: '' });
  const sum =
    /ledger: ([\d,]+) received = ([\d,]+) counted \+ ([\d,]+) duplicate \+ ([\d,]+) restated \+ ([\d,]+) rejected \+ ([\d,]+) quarantined/.exec(
      ran.stderr,
    );
  const [received, ...outcomes] = sum!.slice(1).map((n) => Number(n.replaceAll(',', '')));
  expect(received).toBe(outcomes.reduce((total, n) => total + n, 0));
  // From midnight yesterday until now, 40 readings a minute, less what the planted faults keep back.
  expect(received).toBeGreaterThan(0.8 * 40 * 1_440);
  const report = reportOf(ran.stderr);
  expect(existsSync(report)).toBe(true);
  expect(readFileSync(report, 'utf8').includes('class="failed"')).toBe(false);
  expect(existsSync(join(data, 'truth.ndjson'))).toBe(true);
});

test('a second start --once sends nothing again, and says so', async () => {
  const before = await receivedIn(data);
  const ran = await headway(start);
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('its past is there already');
  expect(ran.stderr).toContain('ledger: ');
  expect(existsSync(reportOf(ran.stderr))).toBe(true);
  expect(await receivedIn(data)).toBe(before);
  expect(await auditDifferences(data)).toEqual([]);
});

test('a simulated city does not move in with a recorded one', async () => {
  const recorded = join(folder.path, 'recorded');
  writeRecording(join(folder.path, 'two-detectors.ndjson'));
  await headway([
    'replay',
    'ndjson',
    join(folder.path, 'two-detectors.ndjson'),
    '--no-lake',
    '--data',
    recorded,
  ]);
  const refused = await headway(['start', '--once', '--data', recorded]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('which is not simulated');
});

async function receivedIn(directory: string): Promise<number> {
  const asked = await headway([
    'query',
    'SELECT sum(readings) AS n FROM ledger',
    '--format',
    'json',
    '--data',
    directory,
  ]);
  return (JSON.parse(asked.stdout) as [{ n: number }])[0].n;
}
