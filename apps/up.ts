import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { startExportLoop } from './export-loop.ts';
import { followLake } from './follow-lake.ts';
import { startLiveFollower } from './live-follower.ts';
import { livesOnAzure } from './lives-on-azure.ts';
import { type Parts, startParts } from './pipeline.ts';
import type { RoleHealth } from './role-health.ts';
import type { Role } from './roles.ts';
import { tellFigures } from './tell-figures.ts';
import { watchedRoles } from './watched-roles.ts';

type Bridge = Awaited<ReturnType<typeof startBridge>>;
type Page = Awaited<ReturnType<typeof startPage>>;

export interface Up {
  parts: Parts;
  apiUrl: string | undefined;
  /** Resolves when the signal has come and everything is stored; rejects when a part has died. */
  done: Promise<void>;
}

/** The pipeline with its page and its exports, or those roles of it, until the signal aborts. */
export async function up(
  config: Config,
  data: DataDirectory,
  wanted: ReadonlySet<Role>,
  signal: AbortSignal,
  say: (line: string) => void,
  health: RoleHealth,
): Promise<Up> {
  const parts = await startParts(config, data, {
    gateway: wanted.has('gateway'),
    processor: wanted.has('processor'),
  });
  const opened: { bridge?: Bridge; api?: Page } = {};
  try {
    if (wanted.has('bridge')) opened.bridge = await startBridge(config, data, parts, say);
    if (wanted.has('api')) opened.api = await startPage(config, data, parts);
  } catch (error) {
    await opened.bridge?.stop();
    await parts.stop();
    throw error;
  }
  const { bridge, api } = opened;
  const failed = (what: string) => (error: unknown) =>
    say(`${what} failed, will try again: ${error instanceof Error ? error.message : String(error)}`);
  const lake = wanted.has('exporter')
    ? startExportLoop(config, data, parts.log, failed('export'))
    : api && followLake(config, data, failed('fetching the lake'));
  const watched = new Map([...wanted].map((role) => [role, watchedRoles[role]({ data, parts, bridge })]));
  health.running(new Map([...watched].map(([role, { state }]) => [role, state])));
  const { everyS } = config.figures;
  const figures =
    everyS === undefined ? undefined : tellFigures(watched, everyS, (line) => process.stdout.write(line));
  // What falls to one of several processors is part of a city: its vehicles' trips would come in pieces.
  const follower =
    wanted.has('processor') && !livesOnAzure(config)
      ? startLiveFollower(config, data, data.city()!.timezone, (error) =>
          say(
            `what is told live of transit and feeds ended, the nights still make it: ${error instanceof Error ? error.message : String(error)}`,
          ),
        )
      : undefined;
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const done = Promise.race([stopped, parts.failed]).finally(async () => {
    health.waiting('ending');
    figures?.stop();
    await api?.close();
    await lake?.stop();
    await follower?.stop();
    await bridge?.stop();
    await parts.stop();
  });
  return { parts, apiUrl: api?.url, done };
}

async function startBridge(config: Config, data: DataDirectory, { log }: Parts, say: (line: string) => void) {
  const { startCityBridge } = await import('./bridge.ts');
  return startCityBridge(config, data, log, say);
}

async function startPage(config: Config, data: DataDirectory, { gateway, log }: Parts) {
  const { startApi } = await import('./api/start-api.ts');
  return startApi({ data, pipeline: { gateway, log }, config });
}
