import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as otherWork } from 'node:timers/promises';
import type { Instant } from '#domain/instant.ts';

export interface DeviceInLedger {
  deviceId: string;
  partition: number;
  newestHour: Instant;
}

/** After so many devices other questions get their turn. */
export const DEVICES_A_TURN = 200;

/** Devices with a ledger row: from key to key, whatever the number of rows. */
export async function devicesInLedger(db: DatabaseSync): Promise<DeviceInLedger[]> {
  const inPartition = db.prepare(
    'SELECT device_id FROM ledger WHERE partition = ? AND device_id > ? ORDER BY device_id LIMIT 1',
  );
  const nextPartition = db.prepare('SELECT min(partition) AS partition FROM ledger WHERE partition > ?');
  const newest = db.prepare(
    'SELECT max(hour_received) AS hour FROM ledger WHERE partition = ? AND device_id = ?',
  );
  const devices: DeviceInLedger[] = [];
  let partition = -1;
  for (;;) {
    const found = nextPartition.get(partition)?.partition as number | null;
    if (found === null) return devices;
    partition = found;
    let deviceId: string | undefined = '';
    for (;;) {
      deviceId = inPartition.get(partition, deviceId)?.device_id as string | undefined;
      if (deviceId === undefined) break;
      const newestHour = newest.get(partition, deviceId)?.hour as Instant;
      devices.push({ deviceId, partition, newestHour });
      if (devices.length % DEVICES_A_TURN === 0) await otherWork();
    }
  }
}
