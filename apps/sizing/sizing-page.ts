import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CityLoad } from './city-flow.ts';
import type { Need } from './need.ts';
import { sizeCity } from './size-city.ts';

const cities: readonly CityLoad[] = [
  { sensors: 1_000, periodS: 30, vehicles: 100, vehiclePeriodS: 1, batch: 1 },
  { sensors: 10_000, periodS: 30, vehicles: 500, vehiclePeriodS: 1, batch: 1 },
  { sensors: 40_000, periodS: 30, vehicles: 1_500, vehiclePeriodS: 1, batch: 1 },
  { sensors: 100_000, periodS: 30, vehicles: 4_000, vehiclePeriodS: 1, batch: 1 },
  { sensors: 300_000, periodS: 30, vehicles: 10_000, vehiclePeriodS: 1, batch: 1 },
  { sensors: 1_000_000, periodS: 30, vehicles: 30_000, vehiclePeriodS: 1, batch: 1 },
  { sensors: 1_000_000, periodS: 30, vehicles: 30_000, vehiclePeriodS: 1, batch: 10 },
];

/** docs/sizing.md: what `headway size` says of cities up to a million sensors, with its rules. */
export function sizingPage(): string {
  const sized = cities.map((city) => ({ city, needs: sizeCity(city) }));
  const small = sized[2]!.needs;
  const names = [...new Set(sized.flatMap(({ needs }) => needs.map(nameOf)))];
  // What only the largest cities need stands behind what it takes the place of.
  const rows = names
    .map((name) => {
      const cells = sized.map(({ needs }) => needs.find((n) => nameOf(n) === name));
      const unit = cells.find((n) => n !== undefined)!.unit;
      return [name, unit, ...cells.map(shown)];
    })
    .sort((a, b) => orderOf(a[0]!) - orderOf(b[0]!));
  return `${[
    '# Sizing: what a city needs on Azure',
    '',
    'Written by `node apps/sizing/sizing-page.ts`; `npx headway size --sensors 40000 --period 30s --vehicles 1500',
    '--vehicle-period 1s` prints it for any city. No Azure subscription was used: limits are from Azure’s own pages, costs',
    'a reading and a window are measured here (`tests/system/sizing` measures them again), and what is assumed is called so.',
    '',
    'A sensor sends a reading of one lane every 30 s, a vehicle its position every second.',
    '',
    ...table(['sensors + vehicles', 'unit', ...cities.map(titleOf)], rows),
    '',
    'IoT Hub units follow from messages, and a message of ten readings costs what a message of one does: batch where a',
    'minute’s delay is no harm. Cosmos DB follows from devices: windows are its largest part. Where',
    'more partitions are needed than a hub or Headway has, make two cities of it.',
    '',
    '## The rules',
    '',
    'With the numbers of 40,000 sensors and 1,500 vehicles.',
    '',
    ...table(
      ['what', 'value', 'rule', 'rests on'],
      small.map((n) => [nameOf(n), `${shown(n)} ${n.unit}`, n.rule, n.source]),
    ),
    '',
    '## What the rules rest on',
    '',
    '- *measured*: `apps/sizing/measured-costs.ts`, from a small city through the real log, processing and lake.',
    '- *bench*: [benchmarks.md](benchmarks.md); embedded, not Azure: the Azure path is slower, see the rule.',
    '- *facts*: trial runs with the real SDKs on loopback, and Cosmos DB’s own charge for a write of 1 KB.',
    '- *IoT Hub quotas*, *Event Hubs quotas*: learn.microsoft.com, "IoT Hub quotas and throttling", "Azure Event Hubs',
    '  quotas and limits", read in 2026. Prices are only ratios, to find the cheapest tier.',
    '- *assumed*: nobody has measured it; start there, and let the alerts of [deploy.md](deploy.md) correct it.',
  ].join('\n')}\n`;
}

function nameOf({ of, need }: Need): string {
  return /^S[123] units$/.test(need) ? `${of}: units` : `${of}: ${need}`;
}

function orderOf(name: string): number {
  return order.findIndex((start) => name.startsWith(start));
}

const order = ['load', 'IoT Hub', 'Event Hubs', 'Cosmos DB', 'Storage', 'Container Apps'];

function shown(need: Need | undefined): string {
  if (!need) return '';
  const tier = /^(S[123]) units$/.exec(need.need)?.[1];
  const text = need.value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
  return tier ? `${text} ${tier}` : text;
}

function titleOf({ sensors, vehicles, batch }: CityLoad): string {
  const size = `${sensors.toLocaleString('en-GB')} + ${vehicles.toLocaleString('en-GB')}`;
  return batch === 1 ? size : `${size}, ${batch} a message`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((title, i) => (i === 0 || /unit|rule|rests/.test(title) ? '---' : '--:'))),
    ...rows.map(line),
  ];
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/sizing.md'), sizingPage());
