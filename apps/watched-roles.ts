import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bridge } from '#ingest/bridge/bridge.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Parts } from './pipeline.ts';
import type { RoleState } from './role-health.ts';
import type { Role } from './roles.ts';

/** Numbers of one role; those that can not be known now are null. */
export type Figures = Record<string, number | null>;

/** What is asked of a role that runs, by probes and by whoever is on duty. */
export interface WatchedRole {
  state(): RoleState;
  /** Counts are since they were last asked for. */
  figures(): Promise<Figures>;
}

export interface Running {
  data: DataDirectory;
  parts: Parts;
  bridge: Bridge | undefined;
}

/** A thread that has not turned for so long is stuck: it turns while it waits for a service. */
const STUCK_MS = 60_000;

/** Every role, and how it is watched. */
export const watchedRoles: Record<Role, (running: Running) => WatchedRole> = {
  gateway: ({ parts }) => {
    const stats = () => parts.gateway!.stats();
    const since = differences();
    return {
      state: () => good(`${stats().connections} connections`),
      figures: async () => {
        const { connections, inFlightMessages, taken, durable, refused } = stats();
        const refusedAtDoor = Object.values(refused).reduce((n, m) => n + m, 0);
        return { connections, inFlightMessages, ...since({ taken, durable, refusedAtDoor }) };
      },
    };
  },
  bridge: ({ bridge }) => {
    const since = differences();
    return {
      state: () =>
        bridge!.stats().connected
          ? good('connected to the broker')
          : { alive: true, ready: false, detail: 'no connection to the broker' },
      figures: async () => {
        const { taken, durable, connected } = bridge!.stats();
        return { connected: Number(connected), ...since({ taken, durable }) };
      },
    };
  },
  processor: ({ data, parts }) => {
    const processing = parts.processing!;
    const since = differences();
    return {
      state: () => {
        const silentMs = processing.silentMs();
        if (silentMs === undefined) return { alive: true, ready: false, detail: 'processing starts' };
        const alive = silentMs < STUCK_MS;
        return { alive, ready: alive, detail: `processing turned ${Math.round(silentMs / 1_000)} s ago` };
      },
      figures: async () => {
        const { readings, refused } = processing.stored();
        return { lagRecords: await lagRecords(data, parts), ...since({ readings, deadLetters: refused }) };
      },
    };
  },
  exporter: ({ data, parts }) => ({
    state: () => good('exports'),
    figures: async () => ({ lagRecords: await lagRecords(data, parts), lakeAgeS: lakeAgeS(data) }),
  }),
  api: () => ({ state: () => good('serves the page'), figures: async () => ({}) }),
};

function good(detail: string): RoleState {
  return { alive: true, ready: true, detail };
}

/** Of counts that only grow, what came since the last call. */
function differences(): (counts: Record<string, number>) => Record<string, number> {
  let before: Record<string, number> = {};
  return (counts) => {
    const grown = Object.entries(counts).map(([name, n]) => [name, n - (before[name] ?? 0)] as const);
    before = counts;
    return Object.fromEntries(grown);
  };
}

/** Of the partition that is furthest behind, whoever runs it; null where a service does not say. */
async function lagRecords(data: DataDirectory, { log }: Parts): Promise<number | null> {
  try {
    const [ends, checkpoints] = await Promise.all([log.ends(), data.checkpoints()]);
    const positions = new Map(checkpoints.map(({ partition, position }) => [partition, position]));
    return Math.max(0, ...ends.map((end, partition) => end - (positions.get(partition) ?? -1)));
  } catch {
    return null;
  }
}

function lakeAgeS(data: DataDirectory): number | null {
  const manifest = statSync(join(data.lakePath, 'manifest.json'), { throwIfNoEntry: false });
  return manifest ? Math.round((Date.now() - manifest.mtimeMs) / 1_000) : null;
}
