import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';
import { eventLogContract } from './event-log.contract.ts';

eventLogContract('Event Hubs, the SDK against the local endpoint', async (partitions) => {
  const directory = await mkdtemp(join(tmpdir(), 'headway-event-hubs-'));
  const server = await startLocalEventHubs({
    directory,
    port: 0,
    hubs: [{ name: 'telemetry', partitions }],
    key: 'a local key',
  });
  const options = {
    namespace: { connectionString: server.connectionString },
    hub: 'telemetry',
    consumerGroup: '$Default',
  };
  const log = await openEventHubsLog(options);
  const reader = await openEventHubsLog(options);
  return {
    log,
    reader,
    dispose: async () => {
      await reader.close();
      await log.close();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
});
