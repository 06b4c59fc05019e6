import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CityLoad } from '#apps/sizing/city-flow.ts';
import { sizeCity } from '#apps/sizing/size-city.ts';
import { sizingPage } from '#apps/sizing/sizing-page.ts';

const city: CityLoad = { sensors: 40_000, periodS: 30, vehicles: 1_500, vehiclePeriodS: 1, batch: 1 };

function value(load: CityLoad, name: string): number {
  const found = sizeCity(load).find((n) => `${n.of}: ${n.need}` === name);
  if (!found) throw new Error(`no ${name} among ${sizeCity(load).map((n) => `${n.of}: ${n.need}`)}`);
  return found.value;
}

it('takes the cheapest tier that one hub can have', () => {
  // 40,000 / 30 + 1,500 = 2,833.3 messages a second, 244.8 million a day: one S3 (300 million), or 41 S2, or 612 S1.
  expect(value(city, 'IoT Hub: metered messages')).toBe(244_800_000);
  expect(value(city, 'IoT Hub: S3 units')).toBe(1);
  // 1,000 / 60 = 16.7 a second, 1.44 million a day: 4 S1 of 400,000, a price of 4; one S2 is 10.
  const town = { ...city, sensors: 1_000, periodS: 60, vehicles: 0 };
  expect(value(town, 'IoT Hub: S1 units')).toBe(4);
});

it('meters a message of many readings by its 4 KB chunks', () => {
  // Thirty readings of 133 bytes are 3,990 bytes: one chunk; forty are 5,320: two.
  const sensors = { ...city, vehicles: 0, sensors: 30_000, periodS: 30 };
  expect(value({ ...sensors, batch: 30 }, 'IoT Hub: metered messages')).toBe((1_000 / 30) * 86_400);
  expect(value({ ...sensors, batch: 40 }, 'IoT Hub: metered messages')).toBe((1_000 / 40) * 2 * 86_400);
});

it('counts throughput units by events or by bytes, whichever is more', () => {
  // 2,833 events/s of some 0.5 KB: three units for the events, two for the bytes.
  expect(value(city, 'Event Hubs: throughput units')).toBe(3);
  // 1,500 vehicles in messages of 20: 75 + 67 events/s, but 1,500 x 287 + 1,333 x 133 + 142 x 300 bytes = 0.65 MB/s.
  expect(value({ ...city, batch: 20 }, 'Event Hubs: throughput units')).toBe(1);
});

it('leaves the Standard tier where it ends', () => {
  const million = { ...city, sensors: 1_000_000, vehicles: 30_000 };
  // 63,333 events/s are 64 units; 32 MB/s are 7 processing units of 5 MB/s.
  expect(value(million, 'Event Hubs: premium processing units')).toBe(7);
  expect(value({ ...million, batch: 10 }, 'Event Hubs: throughput units')).toBe(15);
});

it('gives every processor two partitions, and fails no city with one processor', () => {
  expect(value({ ...city, sensors: 10, vehicles: 0 }, 'Container Apps: processors')).toBe(2);
  expect(value({ ...city, sensors: 10, vehicles: 0 }, 'Event Hubs: partitions')).toBe(4);
  // 100,000 / 1 s at 12,500 a processor: 8.
  const busy = { ...city, sensors: 100_000, periodS: 1, vehicles: 0 };
  expect(value(busy, 'Container Apps: processors')).toBe(8);
  expect(value(busy, 'Event Hubs: partitions')).toBe(64);
});

it('needs no less of anything in a city with more sensors', () => {
  const half = sizeCity({ ...city, sensors: 20_000 });
  const sameTier = sizeCity(city).filter((n) => half.some((h) => h.of === n.of && h.need === n.need));
  expect(sameTier.length).toBeGreaterThan(15);
  for (const n of sameTier) {
    const less = half.find((h) => h.of === n.of && h.need === n.need)!;
    expect(n.value, `${n.of}: ${n.need}`).toBeGreaterThanOrEqual(less.value);
  }
});

it('gives each number a rule and what it rests on', () => {
  for (const n of sizeCity(city)) {
    expect(n.rule, n.need).not.toBe('');
    expect(n.source, n.need).toMatch(/measured|quotas|arithmetic|facts|bench|assumed/);
  }
});

it('stands in docs/sizing.md as it is computed', () => {
  // Out of date? Run: node apps/sizing/sizing-page.ts
  expect(readFileSync('docs/sizing.md', 'utf8')).toBe(sizingPage());
});
