import { afterAll, beforeAll, it } from 'vitest';
import { openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { emulatorImages, startEventHubsEmulator } from './emulators.ts';
import { findImages } from './image.ts';
import { stopAll } from './start-headway.ts';

const found = await findImages(emulatorImages.eventHubs, emulatorImages.azurite);
if ('missing' in found) {
  it('the event log contract on the official Event Hubs emulator', (context) => context.skip(found.missing));
} else {
  /** The emulator makes its hubs at the start, ten at most; a test takes one that nobody has used. */
  const waves = [
    [1, 1, 1, 1, 1, 2, 3, 4],
    [1, 1, 1, 1, 1, 1, 1, 2, 3, 4],
  ];
  let connectionString = '';
  let unused: { name: string; partitions: number }[] = [];
  const nextWave = async (): Promise<void> => {
    await stopAll();
    const wave = waves.shift();
    if (!wave) throw new Error('the contract wants more hubs than the emulator was asked for');
    unused = wave.map((partitions, i) => ({ name: `hub-${waves.length}-${i}`, partitions }));
    connectionString = await startEventHubsEmulator(unused);
  };
  beforeAll(nextWave, 180_000);
  afterAll(stopAll);

  eventLogContract('Event Hubs, the official emulator', async (partitions) => {
    if (!unused.some((hub) => hub.partitions === partitions)) await nextWave();
    const hub = unused.find((one) => one.partitions === partitions)!;
    unused = unused.filter((one) => one !== hub);
    const log = await openEventHubsLog({
      namespace: { connectionString },
      hub: hub.name,
      consumerGroup: '$Default',
    });
    return { log, dispose: () => log.close() };
  });
}
