import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { numbered, range } from './scratch-log.ts';

// Appends to the log named on the command line until that is refused, goes on with less, and says what it saw.
process.on('SIGXFSZ', () => {});
const log = await openSegmentLog({ directory: process.argv[2]!, partitions: 1 });
let acknowledged = 0;
let refusal = '';
while (refusal === '')
  await log.append(range(0, 100).map((i) => numbered(acknowledged + i, 300))).then(
    () => {
      acknowledged += 100;
    },
    (error) => {
      refusal = String(error);
    },
  );
await log.append([numbered(acknowledged, 10)]);
acknowledged += 1;
await log.close();
console.log(JSON.stringify({ acknowledged, refusal }));
