import type { EventLog } from '../../../domain/log.ts';
import type { EventToEnqueue } from '../event-hubs/enqueue.ts';

/** IoT Hub's built-in endpoint: what devices send becomes events, under the device that the hub has let in. */
export function builtInEndpoint(enqueue: (event: EventToEnqueue) => Promise<void>): Pick<EventLog, 'append'> {
  return {
    append: async (entries) => {
      await Promise.all(
        entries.map(({ deviceId, receivedAt, payload }) =>
          enqueue({
            body: payload,
            partitionKey: deviceId,
            annotations: {
              'iothub-connection-device-id': deviceId,
              'iothub-enqueuedtime': new Date(receivedAt),
              'iothub-message-source': 'Telemetry',
            },
          }),
        ),
      );
    },
  };
}
