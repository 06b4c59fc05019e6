import { type CityLoad, type Flow, flowOf } from './city-flow.ts';
import { type Need, need } from './need.ts';
import { processorsOf, sizeContainerApps } from './size-container-apps.ts';
import { sizeCosmos } from './size-cosmos.ts';
import { sizeEventHubs } from './size-event-hubs.ts';
import { sizeIotHub } from './size-iot-hub.ts';
import { sizeStorage } from './size-storage.ts';

/** What a city of this size needs on Azure. */
export function sizeCity(load: CityLoad): Need[] {
  const flow = flowOf(load);
  const processors = processorsOf(load, flow);
  return [
    ...arriving(flow),
    ...sizeIotHub(load, flow),
    ...sizeEventHubs(flow, processors),
    ...sizeCosmos(load, flow, processors),
    ...sizeStorage(flow),
    ...sizeContainerApps(load, flow, processors),
  ];
}

function arriving({ readingsPerS, messagesPerS }: Flow): Need[] {
  return [
    need('load', 'readings', readingsPerS, 'a second', 'devices / period', 'arithmetic'),
    need('load', 'messages', messagesPerS, 'a second', 'readings / readings in a message', 'arithmetic'),
  ];
}
