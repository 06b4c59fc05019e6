import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { numbered, range } from './scratch-log.ts';

// Appends numbered records from the number on the command line on, telling the parent what was acknowledged.
const log = await openSegmentLog({ directory: process.argv[2]!, partitions: 1 });
process.on('disconnect', () => process.exit());
let acknowledged = Number(process.argv[3]);
let next = acknowledged;
for (;;) {
  const calls = range(0, 5).map(() => {
    const from = next;
    next += 7;
    return log.append(range(from, next).map((n) => numbered(n, 500)));
  });
  await Promise.all(calls);
  acknowledged = next;
  process.send!(acknowledged);
}
