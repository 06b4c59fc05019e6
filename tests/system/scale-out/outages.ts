import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from './local-services.ts';
import type { RoleProcess } from './role-process.ts';
import { type ScaledOutCity, scaledOutCity } from './scaled-out-city.ts';
import type { Verdict } from './verdict.ts';

export interface Outage {
  service: ServiceName;
  seconds: number;
  /** From its return until everything sent by then was processed, in seconds. */
  recoveredS: number;
  /** What the city's processes said that names it; the first line. */
  told: string | undefined;
  /** The most that a process grew by while it was out and being caught up with, in MB. */
  grewMb: number;
}

export interface OutagesVerdict extends Verdict {
  outages: Outage[];
}

/** How a message names each of them. */
const names: Record<ServiceName, RegExp> = {
  'Event Hubs': /^.*\bhub\b.*|^.*reading partition \d+ of.*/im,
  'Cosmos DB': /^.*Cosmos DB.*/m,
  'Blob Storage': /^.*(Blob Storage|balancing partitions).*/m,
};

/** Each service out for each of these times, under load; nothing is restarted but the service itself. */
export async function outages(options: {
  directory: string;
  seconds: readonly number[];
  say?: (text: string) => void;
}): Promise<OutagesVerdict> {
  const { seconds, say = () => {} } = options;
  const city = await scaledOutCity({
    directory: options.directory,
    processors: 2,
    intervalS: 1,
    expiryS: 5,
  });
  const seen: Outage[] = [];
  try {
    await city.processed(60_000);
    for (const out of seconds) {
      for (const service of serviceNames) {
        const outage = await takeOut(city, service, out);
        seen.push(outage);
        const { recoveredS, told, grewMb } = outage;
        say(
          `${service} out for ${out} s: recovered ${recoveredS.toFixed(1)} s after its return, grew by ${grewMb.toFixed(0)} MB, ${city.load.acknowledged()} acknowledged; said: ${told?.slice(0, 160)}`,
        );
      }
    }
    const verdict = await city.finish();
    return { ...verdict, faults: [...verdict.faults, ...seen.flatMap(faultsOf)], outages: seen };
  } finally {
    await city.close();
  }
}

async function takeOut(city: ScaledOutCity, service: ServiceName, seconds: number): Promise<Outage> {
  const { services, gateway, processors, load } = city;
  const all = [gateway, ...processors];
  const said = all.map((one) => one.said().length);
  const memory = watchMemory(all);
  await services.stop(service);
  await sleep(seconds * 1_000);
  await services.start(service);
  const from = performance.now();
  const before = load.acknowledged();
  const dead = () => all.find((one) => !one.isAlive());
  while (load.acknowledged() === before) {
    if (dead() || performance.now() - from > RECOVERS_WITHIN_MS)
      throw new Error(
        `nothing is acknowledged after ${service} was out: ${(dead() ?? gateway).said().slice(-1_000)}`,
      );
    await sleep(50);
  }
  await city.processed(RECOVERS_WITHIN_MS);
  const recoveredS = (performance.now() - from) / 1_000;
  const grewMb = memory.stop();
  for (const one of all)
    if (!one.isAlive())
      throw new Error(`a process ended when ${service} was out: ${one.said().slice(-1_000)}`);
  const told = all
    .map((one, i) => names[service].exec(one.said().slice(said[i]))?.[0])
    .find((line) => line !== undefined);
  return { service, seconds, recoveredS, told, grewMb };
}

/** The SDKs try again by themselves for a few seconds, and say nothing. */
const TOLD_AFTER_S = 5;
const MOST_GROWTH_MB = 200;

function faultsOf({ service, seconds, told, grewMb }: Outage): string[] {
  const faults: string[] = [];
  if (told === undefined && seconds >= TOLD_AFTER_S)
    faults.push(`nobody said that ${service} was out for ${seconds} s`);
  if (grewMb > MOST_GROWTH_MB) faults.push(`a process grew by ${grewMb} MB while ${service} was out`);
  return faults;
}

const RECOVERS_WITHIN_MS = 90_000;

function watchMemory(processes: readonly RoleProcess[]) {
  const before = processes.map((one) => one.rssMb());
  let grewMb = 0;
  const timer = setInterval(() => {
    for (const [i, one] of processes.entries())
      if (one.isAlive()) grewMb = Math.max(grewMb, one.rssMb() - before[i]!);
  }, 250);
  return {
    stop: () => {
      clearInterval(timer);
      return grewMb;
    },
  };
}

if (import.meta.main) {
  const directory = mkdtempSync(join(process.cwd(), '.headway-outages-'));
  const given = process.argv.slice(2).map(Number);
  const seconds = given.length > 0 ? given : [1, 5, 20, 60];
  console.log(`each service out for ${seconds.join(', ')} s`);
  const { outages: _, ...verdict } = await outages({ directory, seconds, say: console.log });
  console.log(verdict);
  if (verdict.faults.length > 0) {
    console.log(`everything is kept: ${directory}`);
    process.exit(1);
  }
  rmSync(directory, { recursive: true, force: true });
  // Something of the city that has ended still holds the process.
  process.exit(0);
}
