import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { feedKeys } from '#apps/feed-keys.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { gtfsRt } from '#ingest/feeds/gtfs-rt/gtfs-rt.ts';
import { hfp } from '#ingest/feeds/hfp/hfp.ts';
import { poll } from '#ingest/feeds/live/poll.ts';
import { runFeed } from '#ingest/feeds/live/run-feed.ts';
import { subscribe } from '#ingest/feeds/live/subscribe.ts';
import { Float, message } from '../../unit/feeds/protobuf-writer.ts';
import { startMosquitto } from '../bridge/mosquitto.ts';
import { testCity, testConfig } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';

test('HFP from a real broker and GTFS-Realtime over HTTP reach the ledger through the door, as devices of their own', async (context) => {
  const mosquitto = await startMosquitto(context, await temporaryDirectory(context));
  context.onTestFinished(mosquitto.stop);
  const data = await testCity(context);
  const pipeline = await startPipeline(testConfig(), data, { ephemeral: true });
  try {
    const stop = new AbortController();
    const clock = () => Date.now();
    const common = {
      timezone: 'UTC',
      host: '127.0.0.1',
      port: pipeline.gateway.port,
      keyOf: feedKeys(data.registry, 'feed', clock),
    };
    const onTrouble = () => {};
    const { signal } = stop;
    const url = `mqtt://127.0.0.1:${mosquitto.port}`;
    const fromBroker = runFeed({
      ...common,
      feed: hfp,
      deviceId: 'hfp',
      source: subscribe({ url, topics: ['/hfp/v2/#'], clock, signal, onTrouble }),
    });

    const now = Math.floor(Date.now() / 1_000);
    const place = message([1, new Float(60)], [2, new Float(24)]);
    const vehicle = message([2, place], [5, now], [8, message([1, 'bus-7'])]);
    const snapshot = message([1, message([1, '2.0'], [3, now])], [2, message([1, 'e'], [4, vehicle])]);
    let asked = 0;
    const server = createServer((request, response) => {
      asked++;
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"' }).end(snapshot);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const nap = (ms: number, by: AbortSignal) =>
      sleep(Math.min(ms, 50), undefined, { signal: by }).catch(() => {});
    const polled = poll({
      url: `http://127.0.0.1:${port}/`,
      periodS: 1,
      clock,
      random: () => 0,
      sleep: nap,
      signal,
      onTrouble,
    });
    const overHttp = runFeed({ ...common, feed: gtfsRt, deviceId: 'agency', source: polled });

    const city = await mqtt.connectAsync(url);
    const topic = '/hfp/v2/journey/ongoing/vp/bus/0018/01029/5520/1/A B/17:35/4150208/5/60;24/28/65/93';
    // What is published before the feed has subscribed is nobody's: a broker keeps nothing for a stranger.
    await sleep(500);
    for (let i = 0; i < 20; i++) {
      const vp = {
        tst: new Date(Date.now() - 20_000 + i * 1_000).toISOString(),
        lat: 60 + i / 1e4,
        long: 24,
      };
      await city.publishAsync(topic, JSON.stringify({ VP: vp }), { qos: 1 });
    }
    await city.publishAsync(topic, '<html>', { qos: 1 });
    await city.endAsync();
    await sleep(1_500);
    stop.abort();
    const [streamed, asked1] = await Promise.all([fromBroker, overHttp]);
    await pipeline.processed();

    // Twenty positions, the page that is none, and the status; the snapshot's vehicle and its status.
    const statuses = streamed.readings - 21;
    expect([1, 2]).toContain(statuses);
    expect(asked1.readings).toBe(2);
    expect(asked).toBeGreaterThan(2);
    const sum = await ledgerSum(data);
    expect(sum.received).toBe(streamed.readings + asked1.readings);
    expect(sum.counted).toBe(20 + statuses + 2);
    expect(sum.rejected).toBe(1);
  } finally {
    await pipeline.stop();
  }
});
