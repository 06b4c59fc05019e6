import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32 } from '../../seeded-random.ts';
import type { RoleProcess } from './role-process.ts';
import { type ScaledOutCity, scaledOutCity } from './scaled-out-city.ts';
import type { Verdict } from './verdict.ts';

const PROCESSORS = 4;
const INTERVAL_S = 0.5;
const EXPIRY_S = 3;

const disturbances = ['kill', 'kill two', 'pause', 'drain'] as const;
type Disturbance = (typeof disturbances)[number];

export interface RoundsVerdict extends Verdict {
  /** From SIGKILL or SIGSTOP until each of its partitions went on at another. */
  takeoversMs: number[];
  /** The same from SIGTERM. */
  drainsMs: number[];
  /** How late a timer of ours was in the worst case: what the machine itself added. */
  latestMs: number;
}

export const TAKEOVER_LIMIT_MS = (EXPIRY_S + 2) * 1_000;

/**
 * Four processors under load; in each round one or two of them are killed, paused for longer than the expiry, or
 * drained, as `seed` says, and come back. At the end everything is compared with what the devices remember.
 */
export async function scaleOutRounds(options: {
  directory: string;
  rounds: number;
  seed: number;
  say?: (text: string) => void;
  /** Instead of what the seed draws. */
  disturbance?: (round: number) => Disturbance;
}): Promise<RoundsVerdict> {
  const { rounds, say = () => {} } = options;
  const random = mulberry32(options.seed);
  const pick = (below: number): number => Math.floor(random() * below);
  const lateness = watchLateness();
  const city = await scaledOutCity({
    directory: options.directory,
    processors: PROCESSORS,
    intervalS: INTERVAL_S,
    expiryS: EXPIRY_S,
  });
  const takeoversMs: number[] = [];
  const drainsMs: number[] = [];
  try {
    await shared(city);
    for (let round = 1; round <= rounds; round++) {
      // Now and then while newcomers still take their share.
      if (random() < 0.7) await shared(city);
      await sleep(random() * 700);
      const drawn = disturbances[pick(disturbances.length)]!;
      const what = options.disturbance?.(round - 1) ?? drawn;
      let victims: RoleProcess[];
      let ms: number | undefined;
      do {
        victims = await ownersDrawn(city, what === 'kill two' ? 2 : 1, pick);
        ms = await disturb(city, what, victims, random);
        // What they had has just gone to another, for newcomers take their share: draw again.
      } while (ms === undefined);
      city.processors = city.processors.filter((one) => !victims.includes(one));
      (what === 'drain' ? drainsMs : takeoversMs).push(ms);
      if (what !== 'pause') {
        city.processors.push(...(await Promise.all(victims.map(() => city.startProcessor()))));
      } else city.processors.push(...victims);
      for (const { isAlive, said } of city.processors)
        if (!isAlive()) throw new Error(`a processor has ended by itself: ${said().slice(-1_000)}`);
      say(
        `round ${round}: ${what}; taken over after ${Math.round(ms)} ms; ${city.load.acknowledged()} acknowledged`,
      );
    }
    await shared(city);
    const verdict = await city.finish();
    return { ...verdict, takeoversMs, drainsMs, latestMs: lateness.stop() };
  } finally {
    lateness.stop();
    await city.close();
  }
}

/** So many processors that have partitions, drawn by `pick`; waits until there are so many. */
async function ownersDrawn(
  { owners, processors }: ScaledOutCity,
  wanted: number,
  pick: (below: number) => number,
): Promise<RoleProcess[]> {
  for (;;) {
    const owned = await Promise.all(processors.map(({ pid }) => owners.of(pid)));
    const having = processors.filter((_, i) => owned[i]!.length > 0);
    if (having.length >= wanted)
      return Array.from({ length: wanted }, () => having.splice(pick(having.length), 1)[0]!);
    await sleep(100);
  }
}

/** Resolves when others have all that these had, with the milliseconds since; undefined, with nothing done, where one has nothing. */
async function disturb(
  city: ScaledOutCity,
  what: Disturbance,
  victims: readonly RoleProcess[],
  random: () => number,
): Promise<number | undefined> {
  const { owners } = city;
  const since = await owners.generations();
  const ofEach = await Promise.all(victims.map(({ pid }) => owners.of(pid)));
  if (ofEach.some((partitions) => partitions.length === 0)) return undefined;
  const theirs = ofEach.flat();
  const from = performance.now();
  const gone = victims.map((victim) => {
    if (what === 'pause') return victim.signal('SIGSTOP');
    return what === 'drain' ? victim.drain() : victim.kill();
  });
  const ms = await owners.changed(theirs, since, from, 60_000);
  const codes = await Promise.all(gone);
  if (what === 'drain' && codes[0] !== 0)
    throw new Error(`a drained processor ended with ${codes[0]}: ${victims[0]!.said().slice(-1_000)}`);
  if (what === 'pause') {
    await sleep(Math.max(0, EXPIRY_S * 1_000 - ms) + random() * 1_500);
    for (const victim of victims) victim.signal('SIGCONT');
  }
  return ms;
}

const shared = ({ owners, processors }: ScaledOutCity) => owners.allAmong(processors.map(({ pid }) => pid));

const TICK_MS = 100;

function watchLateness() {
  let latestMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    latestMs = Math.max(latestMs, now - last - TICK_MS);
    last = now;
  }, TICK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return latestMs;
    },
  };
}

if (import.meta.main) {
  const directory = mkdtempSync(join(process.cwd(), '.headway-scale-out-'));
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
  const rounds = Number(process.argv[2] ?? 60);
  console.log(`${rounds} rounds, seed ${seed}, ownership expires after ${EXPIRY_S} s`);
  const { takeoversMs, drainsMs, ...verdict } = await scaleOutRounds({
    directory,
    rounds,
    seed,
    say: console.log,
  });
  const longest = (ms: readonly number[]) => Math.round(Math.max(0, ...ms));
  console.log({ ...verdict, longestTakeoverMs: longest(takeoversMs), longestDrainMs: longest(drainsMs) });
  const late = takeoversMs.filter((ms) => ms > TAKEOVER_LIMIT_MS).length;
  console.log(`${takeoversMs.length} takeovers, ${late} longer than the expiry and 2 s`);
  if (verdict.faults.length > 0) {
    console.log(`everything is kept: ${directory}`);
    process.exit(1);
  }
  rmSync(directory, { recursive: true, force: true });
  process.exit(late > 0 ? 1 : 0);
}
