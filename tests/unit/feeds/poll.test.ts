import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, it, type TestContext } from 'vitest';
import { poll } from '#ingest/feeds/live/poll.ts';

/** A real server, a clock that only sleeping moves, and what the poller did with them. */
async function polling(context: TestContext, answers: RequestListener[], stopAfter: number) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers['if-none-match']);
    answers[Math.min(asked.length, answers.length) - 1]!(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.onTestFinished(() => void server.close());
  const stop = new AbortController();
  let now = 0;
  const slept: number[] = [];
  const trouble: string[] = [];
  const bodies: string[] = [];
  const source = poll({
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
    periodS: 30,
    clock: () => now,
    random: () => 1,
    sleep: async (ms) => {
      slept.push(ms / 1_000);
      now += ms;
      if (slept.length === stopAfter) stop.abort();
    },
    signal: stop.signal,
    onTrouble: (message) => trouble.push(message),
  });
  for await (const { body } of source) bodies.push(Buffer.from(body).toString());
  return { asked, slept, trouble, bodies };
}

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

it('asks for what is new only, by the tag of the last answer', async (context) => {
  const { asked, bodies, slept } = await polling(
    context,
    [answer(200, 'one', { etag: '"1"' }), answer(304), answer(200, 'two', { etag: '"2"' }), answer(304)],
    4,
  );
  expect(asked).toEqual([undefined, '"1"', '"1"', '"2"']);
  expect(bodies).toEqual(['one', 'two']);
  expect(slept).toEqual([30, 30, 30, 30]);
});

it('backs off twice as long after each fault, five minutes at most, and is back at once', async (context) => {
  const { slept, trouble, bodies } = await polling(
    context,
    [answer(500), answer(503), answer(500), answer(500), answer(500), answer(200, 'here')],
    6,
  );
  expect(slept).toEqual([60, 120, 240, 300, 300, 30]);
  expect(trouble).toHaveLength(5);
  expect(trouble[0]).toContain('status 500; asking again in 60 s');
  expect(bodies).toEqual(['here']);
});

it('waits as long as the server asks for, an hour at most', async (context) => {
  const { slept } = await polling(
    context,
    [answer(429, '', { 'retry-after': '90' }), answer(429, '', { 'retry-after': '999999' })],
    2,
  );
  expect(slept).toEqual([90, 3_600]);
});

it('a connection that breaks off is a fault like another', async (context) => {
  const { trouble, bodies } = await polling(
    context,
    [
      (_, response) =>
        response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy()),
    ],
    1,
  );
  expect(trouble).toHaveLength(1);
  expect(bodies).toEqual([]);
});
