import * as z from 'zod';
import { envelope, fixed, type ReadingKind, wholeDevice } from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('device-status'),
  ...envelope,
  status: z.enum(['ok', 'degraded', 'fault']),
  batteryShare: z.number().min(0).optional(),
  uptimeS: z.number().min(0).optional(),
  /** Device clock minus true time, where the device knows it. */
  clockOffsetS: z.number().optional(),
  firmware: z.string().max(64).optional(),
  message: z.string().max(500).optional(),
});

export type DeviceStatus = z.infer<typeof schema>;

export const deviceStatus: ReadingKind<DeviceStatus> = {
  kind: 'device-status',
  schema,
  slot: () => wholeDevice,
  periodS: () => 0,
  identity: (_r, observedAt) => observedAt,
  content: (r) => [
    r.status,
    fixed(r.batteryShare, 1_000),
    fixed(r.uptimeS, 1),
    fixed(r.clockOffsetS, 1_000),
    r.firmware ?? null,
    r.message ?? null,
  ],
  impossible: (r) =>
    r.batteryShare !== undefined && r.batteryShare > 1
      ? `batteryShare ${r.batteryShare} is over 1; it is a share, not per cent`
      : undefined,
};
