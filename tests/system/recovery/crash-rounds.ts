import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32 } from '../../seeded-random.ts';
import { auditDifferences } from './audit-differences.ts';
import { type CrashClient, crashClient } from './crash-client.ts';
import { type CrashVerdict, judgeCrashes } from './crash-verdict.ts';
import { firstMinute } from './load-reading.ts';
import { foundCity, runPipeline } from './run-pipeline.ts';

const CONNECTIONS = 50;
/** One device in so many does not come back for what it had in flight. */
const GIVES_UP_ONE_IN = 8;

export interface CrashRounds {
  directory: string;
  rounds: number;
  seed: number;
  say?: (text: string) => void;
}

/**
 * Loads a pipeline from 50 connections and kills it, again and again, at moments drawn from `seed`; then lets it
 * finish, and compares what it counted with the client's own record.
 */
export async function crashRounds(options: CrashRounds): Promise<CrashVerdict> {
  const { directory, rounds, say = () => {} } = options;
  const random = mulberry32(options.seed);
  const deviceIds = Array.from({ length: CONNECTIONS }, (_, i) => `loop-${i}`);
  const first = firstMinute(Date.now());
  await foundCity(directory, deviceIds);
  const client = crashClient(deviceIds, first);
  for (let round = 1; round <= rounds; round++) {
    // Now and then while devices are still connecting and it still reads its past.
    const hasty = random() < 0.25;
    const aliveMs = hasty ? random() * 100 : 100 + random() * 1_400;
    await crash(directory, client, aliveMs, hasty);
    for (let i = 0; i < CONNECTIONS; i++) if (random() < 1 / GIVES_UP_ONE_IN) client.abandon(i);
    say(
      `round ${round}: killed ${Math.round(aliveMs)} ms after ${hasty ? 'its door opened' : 'all had connected'}; ${totalSent(client)} sent so far`,
    );
  }
  const pipeline = await runPipeline(directory);
  await client.connect(pipeline.port);
  await client.settle();
  await pipeline.processed();
  const verdict = await judgeCrashes(directory, client.records, first);
  await pipeline.stop();
  const differences = await auditDifferences(directory);
  return { ...verdict, faults: [...verdict.faults, ...differences.map((d) => `audit: ${d}`)] };
}

async function crash(directory: string, client: CrashClient, aliveMs: number, hasty: boolean): Promise<void> {
  const pipeline = await runPipeline(directory);
  client.load(true);
  const connected = client.connect(pipeline.port).catch(() => {});
  if (!hasty) await connected;
  await sleep(aliveMs);
  await pipeline.kill();
  await connected;
  await client.lost();
}

function totalSent(client: CrashClient): number {
  return client.records.reduce((sum, r) => sum + r.sent, 0);
}

if (import.meta.main) {
  const directory = mkdtempSync(join(process.cwd(), '.headway-recovery-'));
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
  const rounds = Number(process.argv[2] ?? 20);
  console.log(`${rounds} rounds, seed ${seed}`);
  const verdict = await crashRounds({ directory, rounds, seed, say: console.log });
  console.log(verdict);
  if (verdict.faults.length > 0) {
    console.log(`the data directory is kept: ${directory}`);
    process.exit(1);
  }
  rmSync(directory, { recursive: true, force: true });
}
