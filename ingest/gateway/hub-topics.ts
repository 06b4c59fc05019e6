/** What a device publishes to IoT Hub beside telemetry. `requestId` is the device's own, or (method) the hub's. */
export type HubRequest =
  | { type: 'twin-get'; requestId: string }
  | { type: 'twin-report'; requestId: string; ifVersion: number | undefined }
  | { type: 'method-answer'; requestId: string; status: number };

/** `undefined` for any other topic. */
export function hubRequest(topic: string): HubRequest | undefined {
  const parts = requestTopic.exec(topic);
  if (!parts) return undefined;
  const bag = new URLSearchParams(parts[3]);
  const requestId = bag.get('$rid') ?? '';
  if (requestId.length === 0 || requestId.length > MAX_REQUEST_ID) return undefined;
  if (parts[2] !== undefined) return { type: 'method-answer', requestId, status: Number(parts[2]) };
  if (parts[1] === 'twin/GET') return { type: 'twin-get', requestId };
  const version = bag.get('$version');
  if (version !== null && !/^\d{1,15}$/.test(version)) return undefined;
  return { type: 'twin-report', requestId, ifVersion: version === null ? undefined : Number(version) };
}

/** Filters that a device may listen on. */
export const hubFilters = {
  twinAnswers: '$iothub/twin/res/#',
  desired: '$iothub/twin/PATCH/properties/desired/#',
  methods: '$iothub/methods/POST/#',
  messages: (deviceId: string) => `devices/${deviceId}/messages/devicebound/#`,
};

export const hubTopics = {
  twinAnswer: (status: number, requestId: string, version?: number) =>
    `$iothub/twin/res/${status}/?$rid=${encodeURIComponent(requestId)}${version === undefined ? '' : `&$version=${version}`}`,
  desired: (version: number) => `$iothub/twin/PATCH/properties/desired/?$version=${version}`,
  method: (name: string, requestId: string) => `$iothub/methods/POST/${name}/?$rid=${requestId}`,
  message: (deviceId: string, properties: Record<string, string>) =>
    `devices/${deviceId}/messages/devicebound/${propertyBag(properties)}`,
};

const MAX_REQUEST_ID = 200;

const requestTopic =
  /^\$iothub\/(twin\/GET|twin\/PATCH\/properties\/reported|methods\/res\/(-?\d{1,10}))\/\?(.*)$/s;

/** A space is %20, not +: the SDKs decode with `decodeURIComponent`. */
function propertyBag(properties: Record<string, string>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}
