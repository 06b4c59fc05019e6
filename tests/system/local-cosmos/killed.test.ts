import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openCosmos } from './open-cosmos.ts';

test('an endpoint that is killed has lost nothing that it had answered', async () => {
  await using cosmos = await openCosmos();
  const directory = `${cosmos.directory}-killed`;
  const start = async () => {
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('./cosmos-process.ts', import.meta.url)),
        directory,
        cosmos.tls.key,
        cosmos.tls.cert,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, endpoint: line.toString().trim() };
  };
  const retryOptions = {
    maxRetryAttemptCount: 0,
    fixedRetryIntervalInMilliseconds: 1,
    maxWaitTimeInSeconds: 1,
  };
  const first = await start();
  const container = await cosmos.container(
    {},
    cosmos.client({ endpoint: first.endpoint, connectionPolicy: { retryOptions } }),
  );
  const answered = new Map<string, string>();
  const write = async (from: number) => {
    for (let call = from; ; call += 4) {
      const outcomes = await container.items.bulk(
        Array.from({ length: 20 }, (_, i) => ({
          operationType: 'Upsert',
          resourceBody: { id: `${call % 12}-${i}`, key: 'k', call, pad: 'x'.repeat(500) },
        })),
      );
      for (const { resourceBody } of outcomes)
        answered.set(String(resourceBody!.id), String(resourceBody!._etag));
    }
  };
  const writers = Promise.allSettled([0, 1, 2, 3].map(write));
  await sleep(300);
  first.child.kill('SIGKILL');
  await Promise.all([once(first.child, 'exit'), writers]);
  expect(answered.size).toBeGreaterThan(100);

  const second = await start();
  const after = await cosmos.container({}, cosmos.client({ endpoint: second.endpoint }));
  const found = await after.items
    .readAll<{ id: string; call: number; _etag: string }>({ maxItemCount: 1000 })
    .fetchAll();
  const etags = new Map(found.resources.map(({ id, _etag }) => [id, _etag]));
  // At most the four calls under way can be newer than what was answered; all twenty of a call or none.
  const newer = new Set<number>();
  for (const [id, etag] of answered) {
    expect(etags.has(id)).toBe(true);
    if (etags.get(id) !== etag) newer.add(found.resources.find((item) => item.id === id)!.call);
  }
  expect(newer.size).toBeLessThanOrEqual(4);
  for (const call of newer) expect(found.resources.filter((item) => item.call === call).length).toBe(20);
  second.child.kill();
  await once(second.child, 'exit');
});
