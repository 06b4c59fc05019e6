import { expect, it } from 'vitest';
import type { UnusableMessage } from '#domain/unusable-message.ts';
import type { ForeignMessage } from '#ingest/feeds/feed.ts';
import { feeds } from '#ingest/feeds/feeds.ts';
import { gtfsRt } from '#ingest/feeds/gtfs-rt/gtfs-rt.ts';
import { registered, START, smallCity } from '../processing/city.ts';
import { loggedBy } from './decoded.ts';

const at = new Date(START).toISOString();
const position = { kind: 'vehicle-position', observedAt: at, vehicleId: 'evil', lat: 52.5, lon: 13.4 };
const flow = { kind: 'traffic-flow', observedAt: at, periodS: 60, count: 9_999 };

const heard = (body: string | Uint8Array): ForeignMessage => ({
  receivedAt: START + 60_000,
  source: '',
  body: typeof body === 'string' ? Buffer.from(body) : body,
});

it.each(Object.values(feeds).map((feed) => [feed.name, feed] as const))(
  '%s: what a stranger writes in the words of our own readings is counted as none',
  async (_name, feed) => {
    const bodies = [
      position,
      flow,
      [position, flow],
      [],
      { ...flow, kind: 'feed-status', heard: 0, used: 0 },
    ].map((v) => heard(JSON.stringify(v)));
    const city = smallCity();
    await city.register(registered('feed'));
    for (const { payload, receivedAt } of await loggedBy(feed, bodies)) {
      city.send('feed', payload, { receivedAt });
    }
    city.send('feed', '', { type: 'end' });
    await city.run();
    const { counted: _, ...others } = city.sums();
    const lost = city.db.prepare(`SELECT detail FROM dead_letters WHERE reason = 'unusable'`).all();
    const kinds = city.db.prepare('SELECT DISTINCT kind FROM windows').all();
    city.close();
    expect(others).toEqual({ 'rejected unusable': lost.length });
    expect(lost.length).toBeGreaterThanOrEqual(4);
    // All that counts is the feed's own sum of what it heard.
    expect(kinds).toEqual([{ kind: 'feed-status' }]);
  },
);

it('is logged with the feed’s reason, and as it came: text, bytes, and of what is too large the beginning', async () => {
  const html = `<html>${'“quoted” \u0001'.repeat(5)}`;
  const bytes = Uint8Array.of(0x1f, 0x8b, 8, 0, 0xff);
  const large = `{"a":"${'€'.repeat(100_000)}"}`;
  const controls = `{"a":"${'\u0001'.repeat(100_000)}`;
  const logged = await loggedBy(gtfsRt, [html, bytes, large, controls].map(heard));
  const messages = logged
    .map(({ payload }) => JSON.parse(payload) as UnusableMessage)
    .filter((m) => m.kind === 'unusable');
  expect(messages.map((m) => m.reason)).toEqual([
    'html-for-protobuf',
    'gzip-for-protobuf',
    'json-for-protobuf',
    'json-for-protobuf',
  ]);
  expect(messages[0]!.asItCame).toBe(html);
  expect([...Buffer.from(messages[1]!.asItCameBase64!, 'base64')]).toEqual([...bytes]);
  expect(large.startsWith(messages[2]!.asItCame!)).toBe(true);
  expect(messages[2]!.ofBytes).toBe(Buffer.byteLength(large));
  expect(Buffer.from(messages[3]!.asItCameBase64!, 'base64').toString()).toBe(controls);
  for (const { payload } of logged) expect(Buffer.byteLength(payload)).toBeLessThan(256 * 1_024);
});

it('is called unusable also where its text has the escapes of half characters', async () => {
  const city = smallCity();
  await city.register(registered('feed'));
  const body = heard('{"name":"\\ud83d\\ude80 \\ud800"}');
  for (const { payload, receivedAt } of await loggedBy(gtfsRt, [body]))
    city.send('feed', payload, { receivedAt });
  await city.run();
  expect(city.sums()).toEqual({ counted: 1, 'rejected unusable': 1 });
  city.close();
});
