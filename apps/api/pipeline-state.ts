import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '#domain/instant.ts';
import type { GatewayStats } from '#ingest/gateway/gateway.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { Pipeline } from '../pipeline.ts';

/** A partition of the log: where it ends, how far it is processed, and what lies between. */
export interface PartitionState {
  partition: number;
  end: number;
  checkpoint: number;
  lag: number;
}

export interface PipelineState {
  startedAt: Instant;
  doors: { host: string; mqttPort: number; mqttsPort: number | null };
  gateway: GatewayStats;
  partitions: PartitionState[];
  lag: number;
  /** When the lake was last brought up to date; null before. */
  exportedAt: Instant | null;
}

export async function pipelineState(
  data: DataDirectory,
  { gateway, log }: Pick<Pipeline, 'gateway' | 'log'>,
  host: string,
  startedAt: Instant,
): Promise<PipelineState> {
  const ends = await log.ends();
  const rows = data.db.prepare('SELECT partition, position FROM checkpoints').all();
  const checkpoints = new Map(rows.map((r) => [r.partition as number, r.position as number]));
  const partitions = ends.map((end, partition) => {
    const checkpoint = checkpoints.get(partition) ?? -1;
    return { partition, end, checkpoint, lag: Math.max(0, end - checkpoint) };
  });
  return {
    startedAt,
    doors: { host, mqttPort: gateway.port, mqttsPort: gateway.tlsPort ?? null },
    gateway: gateway.stats(),
    partitions,
    lag: partitions.reduce((sum, p) => sum + p.lag, 0),
    exportedAt: modifiedAt(join(data.lakePath, 'manifest.json')),
  };
}

function modifiedAt(path: string): Instant | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
