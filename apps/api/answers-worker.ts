import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { liveVisitFiles, readSummary } from '../live-files.ts';
import type { Answer, Question } from './answering-thread.ts';
import { cityAnswers } from './answers.ts';

export interface AnswersWorkerData {
  storePath: string;
  /** The data directory. */
  path: string;
}

const { storePath, path } = workerData as AnswersWorkerData;
const db = openDatabase(storePath, { durable: false });
db.exec('PRAGMA cache_size = -16384; PRAGMA query_only = 1');
const answers = cityAnswers(db, sqliteRegistry(db, Date.now), Date.now, {
  visitFiles: () => liveVisitFiles({ path }),
  boardings: () => readSummary({ path }, 'boardings'),
  feeds: () => readSummary({ path }, 'feeds'),
});

parentPort!.on('message', async ({ id, name, args }: Question) => {
  const ask = answers[name] as (...args: readonly unknown[]) => Promise<unknown>;
  const answer: Answer = await ask(...args).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
  );
  parentPort!.postMessage(answer);
});
