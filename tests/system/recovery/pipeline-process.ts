// The embedded pipeline in a process of its own, to be loaded, asked, and killed: fork(..., [DIRECTORY]).
import { readConfig } from '#apps/config.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { type LedgerSum, ledgerSum } from '#apps/ledger-sum.ts';
import { startPipeline } from '#apps/pipeline.ts';

export type Question = 'sample' | 'processed' | 'stop';

export interface Answer {
  port: number;
  ledger: LedgerSum;
  /** Messages that the log has made durable since this process started. */
  durable: number;
  refused: Record<string, number>;
  cpuS: number;
  rssMb: number;
}

const data = openDataDirectory(process.argv[2]!);
const pipeline = await startPipeline(readConfig(undefined, process.env), data, { ephemeral: true });
pipeline.failed.catch((error) => {
  console.error(error);
  process.exit(1);
});

const answer = async (): Promise<Answer> => {
  const { user, system } = process.cpuUsage();
  const { durable, refused } = pipeline.gateway.stats();
  return {
    port: pipeline.gateway.port,
    ledger: await ledgerSum(data),
    durable,
    refused,
    cpuS: (user + system) / 1e6,
    rssMb: process.memoryUsage().rss / 1024 / 1024,
  };
};

process.on('message', async (question: Question) => {
  if (question === 'processed') await pipeline.processed();
  if (question === 'stop') await pipeline.stop();
  process.send!(await answer(), () => {
    if (question !== 'stop') return;
    data.close();
    process.exit(0);
  });
});
process.send!(await answer());
