import type { ForeignMessage } from './feed.ts';

/** Messages of several recordings of one time, in the order they were received; each by itself is in order. */
export async function* mergeByTime(
  sources: readonly AsyncIterable<ForeignMessage>[],
): AsyncGenerator<ForeignMessage> {
  const open = sources.map((source) => source[Symbol.asyncIterator]());
  const heads = await Promise.all(open.map((o) => o.next()));
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) {
      if (head.done) continue;
      if (first < 0 || head.value.receivedAt < heads[first]!.value.receivedAt) first = i;
    }
    if (first < 0) return;
    yield heads[first]!.value;
    heads[first] = await open[first]!.next();
  }
}
