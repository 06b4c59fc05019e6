import { existsSync } from 'node:fs';
import { LIVE } from '#domain/log.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { readApiToken } from './api-token.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { DeadLetterSelection } from './dead-letters.ts';
import { startPipeline } from './pipeline.ts';
import { appendOrders, deadReadingsAt, planReadmission, type ReadmissionPlan } from './readmit.ts';

export interface Readmitted {
  /** Readings judged again, those that passed, and those that are dead letters still. */
  judged: number;
  admitted: number;
  remaining: number;
  expired: number;
}

/** The dead letters of a selection and which of them the log still has. */
export async function plannedReadmission(
  data: DataDirectory,
  selection: DeadLetterSelection,
): Promise<ReadmissionPlan> {
  if (!existsSync(data.logPath)) return { places: [], readings: 0, expired: 0 };
  const log = await readSegmentLog({ directory: data.logPath });
  try {
    return planReadmission(data.db, selection, await log.starts());
  } finally {
    await log.close();
  }
}

/**
 * Has dead letters judged again by the pipeline that runs on this directory, or by one started for the time it takes.
 * Resolves when that is stored. @throws OperatorFault when the running pipeline can not be asked.
 */
export async function readmitDeadLetters(
  config: Config,
  data: DataDirectory,
  selection: DeadLetterSelection,
  plan: ReadmissionPlan,
): Promise<Readmitted> {
  if (plan.places.length > 0) {
    if (data.running()) await readmitThere(data, selection);
    else await readmitHere(config, data, plan);
  }
  const remaining = deadReadingsAt(data.db, plan.places);
  return { judged: plan.readings, admitted: plan.readings - remaining, remaining, expired: plan.expired };
}

async function readmitHere(config: Config, data: DataDirectory, plan: ReadmissionPlan): Promise<void> {
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  try {
    const registry = await data.registry.view();
    await appendOrders(pipeline.log, plan, registry, Date.now());
    await pipeline.processed();
    // Live windows that are over are published when processing has had nothing to read for a while.
    const isLive = plan.places.some((p) => registry.at('device', p.deviceId, Date.now())?.domain === LIVE);
    if (isLive) await delay(2 * config.processing.commitEveryMs);
  } finally {
    await pipeline.stop();
  }
}

async function readmitThere(data: DataDirectory, selection: DeadLetterSelection): Promise<void> {
  const apiUrl = data.running()?.apiUrl;
  const token = readApiToken(data);
  if (!apiUrl || !token) {
    throw new OperatorFault(
      `the pipeline that runs on ${data.path} can not be asked to readmit`,
      `process ${data.running()?.pid} serves no API: it replays a recording or readmits itself`,
      'try again when it has ended',
      3,
    );
  }
  const answer = await fetch(new URL('/api/readmissions', apiUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(selection),
  }).catch((error: unknown) => {
    throw new OperatorFault(
      `could not reach the running pipeline at ${apiUrl}`,
      error instanceof Error ? String(error.cause ?? error.message) : String(error),
      'is it still there? `headway dead-letters` shows what is left',
      3,
    );
  });
  if (!answer.ok) {
    throw new OperatorFault(
      'the running pipeline did not readmit',
      `it answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`,
      'its own log says more',
      3,
    );
  }
  const { ends } = (await answer.json()) as { ends: number[] };
  await untilStored(data, ends);
}

async function untilStored(data: DataDirectory, ends: readonly number[]): Promise<void> {
  const position = data.db.prepare('SELECT position FROM checkpoints WHERE partition = ?');
  for (const [partition, end] of ends.entries()) {
    while (((position.get(partition)?.position as number | undefined) ?? -1) < end) {
      if (!data.running()) {
        throw new OperatorFault(
          'the pipeline ended before it had readmitted everything',
          `partition ${partition} has not come to position ${end}`,
          'the order stands in the log: it is obeyed at the next start',
          3,
        );
      }
      await delay(100);
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
