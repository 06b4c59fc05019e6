// `npm run study:bottlenecks [-- SEEDS [DAYS [FIRST]]]`: which of the simulator's planted bottlenecks the measure finds,
// city by city, and what else it names. Ten cities of three days take some five minutes of processor time.
import { findBottlenecks } from './planted-bottlenecks.ts';

const given = (i: number, usual: number) => Number(process.argv[i] ?? usual);
const [seeds, days, first] = [given(2, 10), given(3, 3), given(4, 1)];
/** Chen, Skabardonis and Varaiya call a queue sustained from five steps on; recurrent needs two days. */
const SUSTAINED_MIN = 25;

const sums = {
  planted: 0,
  found: 0,
  seen: 0,
  seenFound: 0,
  times: 0,
  ofQueue: 0,
  ofSeen: 0,
  others: 0,
  km: 0,
  jams: 0,
};
for (let seed = first; seed < first + seeds; seed++) {
  const { planted, others, freewayKm, movingJams } = await findBottlenecks(seed, days);
  for (const b of planted) {
    const found = b.found.length === 1 && b.found[0]!.part_of_day === (b.peak === 'morning' ? 'am' : 'pm');
    const sustained = b.days.filter((d) => d.minutesSeen >= SUSTAINED_MIN);
    const within = (minutes: readonly number[]) => minutes.filter((m) => m <= 10).length;
    sums.planted++;
    sums.found += found ? 1 : 0;
    sums.seen += sustained.length >= 2 ? 1 : 0;
    sums.seenFound += sustained.length >= 2 && found ? 1 : 0;
    sums.times += 2 * sustained.length;
    sums.ofQueue += sustained.reduce((sum, d) => sum + within(d.ofQueue), 0);
    sums.ofSeen += sustained.reduce((sum, d) => sum + within(d.ofSeen), 0);
    console.log(
      `seed ${seed} ${b.bottleneckId}, queue ${b.queueKm} km, ${b.blindKm.toFixed(1)} km beyond the last sensor: ` +
        `${found ? 'found' : `NOT FOUND (${b.found.length} rows)`}; minutes off by day ` +
        b.days
          .map((d) => `${d.ofQueue.join('/')} (${d.ofSeen.join('/')} of ${d.minutesSeen} seen)`)
          .join(', '),
    );
  }
  for (const row of others) console.log(`seed ${seed} names another: ${JSON.stringify(row)}`);
  for (const row of movingJams) console.log(`seed ${seed} names a moving jam: ${JSON.stringify(row)}`);
  sums.others += others.length;
  sums.km += freewayKm;
  sums.jams += movingJams.length;
}
const weeks = days / 5;
console.log(
  `${sums.found} of ${sums.planted} planted bottlenecks found within one site; of the ${sums.seen} whose queue stood at a ` +
    `sensor for ${SUSTAINED_MIN} minutes on two days, ${sums.seenFound}`,
);
console.log(
  `${sums.ofQueue} of ${sums.times} begins and ends within 10 minutes of the queue's own; ` +
    `${sums.ofSeen} within 10 minutes of when it stood at a sensor`,
);
console.log(
  `${((sums.others / sums.km / weeks) * 100).toFixed(2)} others in 100 km and working week; moving jams named: ${sums.jams}`,
);
