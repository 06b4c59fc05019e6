import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '#domain/instant.ts';
import type { GatewayStats } from '#ingest/gateway/gateway.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { Parts } from '../pipeline.ts';

/** A partition of the log: where it ends, how far it is processed, and what lies between. */
export interface PartitionState {
  partition: number;
  end: number;
  checkpoint: number;
  lag: number;
}

export interface PipelineState {
  startedAt: Instant;
  /** null where the door is another process's. */
  doors: { host: string; mqttPort: number; mqttsPort: number | null } | null;
  gateway: GatewayStats | null;
  partitions: PartitionState[];
  lag: number;
  /** When the lake was last brought up to date; null before. */
  exportedAt: Instant | null;
}

export async function pipelineState(
  data: DataDirectory,
  { gateway, log }: Pick<Parts, 'gateway' | 'log'>,
  host: string,
  startedAt: Instant,
): Promise<PipelineState> {
  const ends = await log.ends();
  const checkpoints = new Map((await data.checkpoints()).map((c) => [c.partition, c.position]));
  const partitions = ends.map((end, partition) => {
    const checkpoint = checkpoints.get(partition) ?? -1;
    return { partition, end, checkpoint, lag: Math.max(0, end - checkpoint) };
  });
  return {
    startedAt,
    doors: gateway ? { host, mqttPort: gateway.port, mqttsPort: gateway.tlsPort ?? null } : null,
    gateway: gateway?.stats() ?? null,
    partitions,
    lag: partitions.reduce((sum, p) => sum + p.lag, 0),
    exportedAt: modifiedAt(join(data.lakePath, 'manifest.json')),
  };
}

function modifiedAt(path: string): Instant | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
