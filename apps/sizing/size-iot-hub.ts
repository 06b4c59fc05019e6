import { IOT_HUB_CHUNK_BYTES, iotHubTiers } from './azure-limits.ts';
import { type CityLoad, DAY_S, type Flow } from './city-flow.ts';
import { type Need, need, sum, whole } from './need.ts';

export function sizeIotHub(load: CityLoad, { parts, messagesPerS }: Flow): Need[] {
  const chunksPerDay = sum(
    parts,
    (p) => p.messagesPerS * Math.ceil(p.messageBytes / IOT_HUB_CHUNK_BYTES) * DAY_S,
  );
  const offers = iotHubTiers.map((tier) => {
    const byDay = Math.ceil(chunksPerDay / tier.messagesPerDay);
    const bySecond = messagesPerS <= tier.leastSendsPerS ? 1 : Math.ceil(messagesPerS / tier.sendsPerS);
    const units = Math.max(1, byDay, bySecond);
    return { tier, units, hubs: Math.ceil(units / tier.maxUnits), price: units * tier.price, byDay };
  });
  const fewestHubs = Math.min(...offers.map((o) => o.hubs));
  const best = offers
    .filter((o) => o.hubs === fewestHubs)
    .reduce((cheapest, o) => (o.price < cheapest.price ? o : cheapest));
  const { tier, units, hubs, byDay } = best;
  const others = offers.map((o) => `${o.tier.sku} ${whole(o.units)}`).join(', ');
  const why =
    byDay === units
      ? `${tier.messagesPerDay.toLocaleString('en-GB')} a day`
      : `${tier.sendsPerS} sends a second`;
  const devices = load.sensors + load.vehicles;
  const connectsPerS = Math.max(tier.leastSendsPerS, tier.sendsPerS * Math.min(units, tier.maxUnits));
  return [
    need(
      'IoT Hub',
      'metered messages',
      chunksPerDay,
      'a day',
      'a message counts once for every 4 KB begun',
      'IoT Hub quotas',
    ),
    need(
      'IoT Hub',
      `${tier.sku} units`,
      units,
      'units',
      `a unit takes ${why}; the cheapest of ${others} at list prices of 1 : 10 : 100, in the fewest hubs`,
      'IoT Hub quotas',
    ),
    need(
      'IoT Hub',
      'hubs',
      hubs,
      'hubs',
      `at most ${tier.maxUnits} ${tier.sku} units in one`,
      'IoT Hub quotas',
    ),
    need(
      'IoT Hub',
      'all devices connect again within',
      devices / connectsPerS,
      's',
      'new connections a second are limited as sends are',
      'IoT Hub quotas',
    ),
  ];
}
