import type { CityLoad, Flow } from './city-flow.ts';
import { type Need, need } from './need.ts';

/** Bench azure-local: 77 us of CPU a reading, of which the processor 52 %. */
const READINGS_PER_CORE = 25_000;
/** Half is left for catching up and for a processor that is gone. */
const LOAD_SHARE = 0.5;
const SENSOR_MB = 0.05;
const VEHICLE_MB = 0.2;
const PROCESSOR_MB = 1_500;
const CONNECTIONS_PER_GATEWAY = 15_000;
const MESSAGES_PER_GATEWAY = 10_000;

export function sizeContainerApps(
  { sensors, vehicles }: CityLoad,
  { messagesPerS }: Flow,
  processors: number,
): Need[] {
  const gateways = Math.max(
    2,
    Math.ceil((sensors + vehicles) / CONNECTIONS_PER_GATEWAY),
    Math.ceil(messagesPerS / MESSAGES_PER_GATEWAY),
  );
  return [
    need(
      'Container Apps',
      'processors',
      processors,
      'of 1 core, 2 GiB',
      `${READINGS_PER_CORE.toLocaleString('en-GB')} readings/s a core half used, ${SENSOR_MB * 1_000} KB a sensor and ${VEHICLE_MB * 1_000} KB a vehicle in ${PROCESSOR_MB} MB; two at least, so that one may fail`,
      'bench; facts; assumed',
    ),
    need(
      'Container Apps',
      'gateways, where devices do not go through IoT Hub',
      gateways,
      'of 1 core, 2 GiB',
      `${CONNECTIONS_PER_GATEWAY.toLocaleString('en-GB')} connections and ${MESSAGES_PER_GATEWAY.toLocaleString('en-GB')} messages/s each; two at least`,
      'facts; assumed',
    ),
  ];
}

export function processorsOf({ sensors, vehicles }: CityLoad, { readingsPerS }: Flow): number {
  const byCpu = Math.ceil(readingsPerS / (READINGS_PER_CORE * LOAD_SHARE));
  const byMemory = Math.ceil((sensors * SENSOR_MB + vehicles * VEHICLE_MB) / PROCESSOR_MB);
  return Math.max(2, byCpu, byMemory);
}
