import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { notFound, type Refusal, refusal } from './amqp-error.ts';
import { type HubPartition, openHubPartition } from './hub-partition.ts';

export interface HubDefinition {
  name: string;
  /** Fixed for the life of the directory. */
  partitions: number;
  /** Beside $Default, which every hub has. */
  consumerGroups?: readonly string[];
}

export interface Hub {
  readonly name: string;
  readonly createdAt: number;
  readonly partitions: readonly HubPartition[];
  /** By a hash of the key; without one, round and round. */
  partitionFor(partitionKey: string | undefined): HubPartition;
  partition(id: string): HubPartition | Refusal;
  close(): Promise<void>;
}

/** @throws Error for another partition count than the directory's. */
export async function openHub(directory: string, definition: HubDefinition, now: () => number): Promise<Hub> {
  const { name, partitions: count } = definition;
  const home = join(directory, name.toLowerCase());
  const { createdAt } = await openDescription(home, definition, now);
  const groups = ['$default', ...(definition.consumerGroups ?? [])];
  const partitions: HubPartition[] = [];
  for (let i = 0; i < count; i++)
    partitions.push(await openHubPartition(join(home, `partition-${i}`), String(i), groups, now));
  let turn = 0;
  return {
    name,
    createdAt,
    partitions,
    partitionFor(partitionKey) {
      const chosen = partitionKey === undefined ? turn++ : crc32(partitionKey);
      return partitions[chosen % count]!;
    },
    partition(id) {
      const partition = partitions.find((candidate) => candidate.id === id);
      return partition ?? noSuchPartition(count);
    },
    async close() {
      for (const partition of partitions) await partition.close();
    },
  };
}

export type Hubs = ReadonlyMap<string, Hub>;

export const hubNamed = (hubs: Hubs, name: string): Hub | Refusal =>
  hubs.get(name.toLowerCase()) ?? notFound(name);

const noSuchPartition = (count: number): Refusal =>
  refusal(
    'com.microsoft:argument-out-of-range',
    `The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and ${count - 1}.`,
  );

async function openDescription(
  home: string,
  { name, partitions }: HubDefinition,
  now: () => number,
): Promise<{ createdAt: number }> {
  await mkdir(home, { recursive: true });
  const path = join(home, 'hub.json');
  try {
    const description = JSON.parse(await readFile(path, 'utf8'));
    if (description.partitions !== partitions)
      throw new Error(
        `the hub ${name} in ${home} has ${description.partitions} partitions, not ${partitions}`,
      );
    return description;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const description = { partitions, createdAt: now() };
    await writeFile(path, `${JSON.stringify(description)}\n`);
    return description;
  }
}
