import { Message } from 'azure-iot-device';
import { expect, test } from 'vitest';
import { partitionOf } from '#domain/log.ts';
import { openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';
import { builtInEndpoint } from '#infra/local/iot-hub/built-in-endpoint.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { openTestHub } from './test-hub.ts';

test('what a device sends to the hub is read from Event Hubs under its identity and the hub’s clock', async (context) => {
  const eventHubs = await startLocalEventHubs({
    directory: await temporaryDirectory(context),
    port: 0,
    hubs: [{ name: 'telemetry', partitions: 1, consumerGroups: [] }],
    key: 'a local key',
  });
  context.onTestFinished(() => eventHubs.close());
  const hub = await openTestHub(
    context,
    builtInEndpoint((event) => eventHubs.enqueue('telemetry', event)),
  );
  const made = (await hub.registry.create({ deviceId: 'loop-1' })).responseBody;
  const device = await hub.device('loop-1', made.authentication!.symmetricKey!.primaryKey!);
  const before = Date.now();
  for (const n of [1, 2, 3]) {
    const message = new Message(`{"n":${n}}`);
    message.properties.add('deviceId', 'somebody-else');
    await device.sendEvent(message);
  }
  const log = await openEventHubsLog({
    namespace: { connectionString: eventHubs.connectionString },
    hub: 'telemetry',
    consumerGroup: '$Default',
  });
  context.onTestFinished(() => log.close());
  expect(partitionOf('loop-1', log.partitions)).toBe(0);
  const read: string[] = [];
  const ending = new AbortController();
  for await (const { records } of log.read(0, -1, ending.signal)) {
    for (const { deviceId, domain, receivedAt, payload } of records) {
      expect(receivedAt).toBeGreaterThanOrEqual(before);
      expect(receivedAt).toBeLessThanOrEqual(Date.now());
      read.push(`${deviceId} ${domain} ${Buffer.from(payload)}`);
    }
    if (read.length >= 3) break;
  }
  ending.abort();
  expect(read).toEqual(['loop-1 live {"n":1}', 'loop-1 live {"n":2}', 'loop-1 live {"n":3}']);
});
