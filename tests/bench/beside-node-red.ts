import type { Bench } from './bench-row.ts';
import { installPeer, measureNodeRed } from './node-red-peer.ts';
import { CONNECTIONS, measureWholePath } from './whole-path.ts';

/** The whole path, and Node-RED 5 with mosquitto at the same job under the same load, right after it. */
export const besideNodeRed: Bench = {
  name: 'node-red',
  missing: installPeer,
  run: async (scale) => {
    const { rows, committedPerS } = await measureWholePath(scale);
    const peer = await measureNodeRed(CONNECTIONS, scale === 'full' ? 8 : 3);
    return [
      ...rows,
      {
        name: `the same job by ${peer.versions} (no validation, no log)`,
        value: peer.readingsPerS,
        unit: 'readings/s',
      },
      {
        name: 'Headway, until committed, in multiples of Node-RED',
        value: committedPerS / peer.readingsPerS,
        unit: 'times',
        atLeast: 3,
      },
    ];
  },
};
