import type { Hub } from './hub.ts';
import { dataSection, encodeMessage } from './rhea-server.ts';
import { entryOfMessage } from './stored-event.ts';

export interface EventToEnqueue {
  body: Uint8Array;
  partitionKey?: string;
  /** Message annotations beside the service's own, as `iothub-connection-device-id`; a Date becomes a timestamp. */
  annotations?: Readonly<Record<string, string | number | boolean | Date>>;
  applicationProperties?: Readonly<Record<string, string | number | boolean>>;
  /** The properties section: `message_id`, `correlation_id`, `content_type` and so on. */
  properties?: Readonly<Record<string, string | number | Date>>;
}

/** Appends one event as the service itself does; resolves once it is durable. */
export async function enqueue(hub: Hub, event: EventToEnqueue): Promise<void> {
  const partition = hub.partitionFor(event.partitionKey);
  const message = encodeMessage({
    ...event.properties,
    message_annotations: { ...event.annotations },
    application_properties: { ...event.applicationProperties },
    body: dataSection(Buffer.from(event.body)),
  });
  await partition.append([entryOfMessage(message, event.partitionKey ?? '', partition.enqueuedAt())]);
}
