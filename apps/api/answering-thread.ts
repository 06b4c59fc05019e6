import { Worker } from 'node:worker_threads';
import type { CityAnswers } from './answers.ts';
import type { AnswersWorkerData } from './answers-worker.ts';

export interface Question {
  id: number;
  name: keyof CityAnswers;
  args: readonly unknown[];
}

export type Answer = { id: number; value: unknown } | { id: number; error: string };

/**
 * The store's answers from a thread of their own, so that no question, however large the city, ever keeps the door
 * waiting. The thread starts with the first question.
 */
export function answeringThread(workerData: AnswersWorkerData): CityAnswers & { stop(): Promise<void> } {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let asked = 0;

  const started = (): Worker => {
    if (worker) return worker;
    const made = new Worker(new URL('./answers-worker.ts', import.meta.url), { workerData });
    made.on('message', (answer: Answer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('error' in answer) asker?.reject(new Error(answer.error));
      else asker?.resolve(answer.value as never);
    });
    const ended = (error?: unknown) => {
      if (worker === made) worker = undefined;
      for (const { reject } of waiting.values()) {
        reject(error instanceof Error ? error : new Error('the answering thread has ended'));
      }
      waiting.clear();
    };
    made.on('error', ended);
    made.on('exit', () => ended());
    made.unref();
    worker = made;
    return made;
  };

  const ask =
    <N extends keyof CityAnswers>(name: N) =>
    (...args: Parameters<CityAnswers[N]>): ReturnType<CityAnswers[N]> =>
      new Promise((resolve, reject) => {
        const id = asked++;
        const thread = started();
        waiting.set(id, { resolve, reject });
        thread.postMessage({ id, name, args } satisfies Question);
      }) as ReturnType<CityAnswers[N]>;

  return {
    overview: ask('overview'),
    quickOverview: ask('quickOverview'),
    sensors: ask('sensors'),
    sensorsJson: ask('sensorsJson'),
    planReadmission: ask('planReadmission'),
    transit: ask('transit'),
    feeds: ask('feeds'),
    stop: async () => {
      await worker?.terminate();
    },
  };
}
