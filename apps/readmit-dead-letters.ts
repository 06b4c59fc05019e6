import { LIVE } from '#domain/log.ts';
import { askRunning } from './ask-running.ts';
import { processedToEnd } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { DeadLetterSelection } from './dead-letters.ts';
import { startPipeline } from './pipeline.ts';
import { appendOrders, planReadmission, type ReadmissionPlan } from './readmit.ts';

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
  const log = await data.readLog();
  if (!log) return { places: [], readings: 0, expired: 0 };
  try {
    await data.fetchLake?.();
    const plan = planReadmission(data.db, selection, await log.starts());
    // What came of an order since the last export stands in the store alone.
    return { ...plan, readings: await data.deadReadings(plan.places) };
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
  if (plan.readings > 0) {
    if (data.fetchLake) await readmitElsewhere(config, data, plan);
    else if (data.running()) await readmitThere(data, selection);
    else await readmitHere(config, data, plan);
  }
  const remaining = await data.deadReadings(plan.places);
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

/** Of a city on Azure, by the processors that it has. */
async function readmitElsewhere(config: Config, data: DataDirectory, plan: ReadmissionPlan): Promise<void> {
  const log = await data.openLog(config);
  try {
    await appendOrders(log, plan, await data.registry.view(), Date.now());
    const giveUpAt = performance.now() + PROCESSORS_WITHIN_MS;
    await processedToEnd(data, log, () => {
      if (performance.now() < giveUpAt) return;
      throw new OperatorFault(
        'no processor has come to the order yet',
        `it stands in the log, and was not obeyed within ${PROCESSORS_WITHIN_MS / 1_000} s`,
        'does one run? `headway up --role processor`; the order is obeyed then, and need not be given again',
        3,
      );
    });
  } finally {
    await log.close();
  }
}

const PROCESSORS_WITHIN_MS = 120_000;

async function readmitThere(data: DataDirectory, selection: DeadLetterSelection): Promise<void> {
  const { ends } = await askRunning<{ ends: number[] }>(data, 'readmit', {
    method: 'POST',
    path: '/api/readmissions',
    body: selection,
  });
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
