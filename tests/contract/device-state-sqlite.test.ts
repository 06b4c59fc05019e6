import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import { deviceStateContract } from './device-state.contract.ts';

deviceStateContract('SQLite', async (clock) => {
  const directory = await mkdtemp(join(tmpdir(), 'headway-'));
  const path = join(directory, 'device-twins.db');
  let twins = openDeviceTwins(path, clock);
  return {
    state: twins.state,
    reopen: async () => {
      twins.close();
      twins = openDeviceTwins(path, clock);
      return twins.state;
    },
    close: async () => {
      twins.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
