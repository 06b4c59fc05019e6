import { readSegmentLog } from '#infra/log/read-segment-log.ts';

// Tells the parent the positions it reads from the log named on the command line, until it is killed.
const log = await readSegmentLog({ directory: process.argv[2]! });
process.on('disconnect', () => process.exit());
for await (const batch of log.read(0, -1, new AbortController().signal)) {
  if (batch.corrupt.length > 0) throw new Error(batch.corrupt[0]!.detail);
  process.send!(batch.records.map((record) => record.position));
}
