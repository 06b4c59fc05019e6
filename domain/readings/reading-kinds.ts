import { deviceStatus } from './device-status.ts';
import { feedStatus } from './feed-status.ts';
import { passengerCount } from './passenger-count.ts';
import type { ReadingKind } from './reading-kind.ts';
import { serviceAlert } from './service-alert.ts';
import { signalEvent } from './signal-event.ts';
import { stopEvent } from './stop-event.ts';
import { trafficFlow } from './traffic-flow.ts';
import { travelTime } from './travel-time.ts';
import { tripUpdate } from './trip-update.ts';
import { vehiclePosition } from './vehicle-position.ts';

/** Every kind of reading Headway admits. A new kind is one new file and one line here. */
export const readingKinds = [
  trafficFlow,
  vehiclePosition,
  stopEvent,
  passengerCount,
  signalEvent,
  travelTime,
  deviceStatus,
  tripUpdate,
  serviceAlert,
  feedStatus,
] as unknown as readonly ReadingKind[];
