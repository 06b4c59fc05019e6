// A night's work on a lake that is there, in a process of its own: prints seconds and the highest memory.

import { openLake } from '#analytics/lake/open-lake.ts';
import { workNights } from '#analytics/nightly/work-nights.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { benchRegistry } from './nightly-lake.ts';

const [directory, sensors, date] = process.argv.slice(2) as [string, string, string];
const city = simulatedCity({ seed: 1, sensors: Number(sensors), timezone: 'UTC' });
const db = await openLake({ directory, registry: benchRegistry(city), city });
await db.run('SET threads = 2');
const cpu = process.cpuUsage();
const start = performance.now();
await workNights({ db, directory, dates: [date] });
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(cpu);
const verdicts = await db.runAndReadAll(
  'SELECT verdict, cause, count(*)::INTEGER AS n FROM health_verdicts GROUP BY ALL',
);
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    maxRssMb: process.resourceUsage().maxRSS / 1_024,
    verdicts: verdicts.getRowObjectsJson(),
  }),
);
