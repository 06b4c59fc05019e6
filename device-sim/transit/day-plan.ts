import { type Random, seededRandom } from '../random.ts';
import type {
  BunchedTrips,
  Character,
  TransitNetwork,
  TransitPattern,
  TransitTrip,
} from './transit-network.ts';

/** What becomes of a trip: it runs, it is called off, or it runs and nobody hears of it. */
export type Fate = 'run' | 'canceled' | 'unobserved';

export interface PlannedTrip {
  trip: TransitTrip;
  pattern: TransitPattern;
  character: Character;
  fate: Fate;
  /** How much later than the timetable it leaves, at every stop, if the traffic lets it. */
  lateS: number;
}

export const CANCELED_SHARE = 0.02;
export const UNOBSERVED_SHARE = 0.03;

/** What is planned of a service date before the traffic has its say. */
export function dayPlan(network: TransitNetwork, seed: number, date: string): PlannedTrip[] {
  const trips = network.tripsOn(date);
  const fates = fatesOf(trips, seededRandom(seed, `transit/${date}/fates`));
  const bunchedLateS = new Map<string, number>();
  for (const group of network.bunched ?? waysOfBunchedRoutes(network, trips)) {
    const running = [...group.dueS].filter(([tripId]) => fates.get(tripId) !== 'canceled');
    const late = bunchedLate(
      [...group.dueS.values()],
      running.map(([, s]) => s),
      seededRandom(seed, `transit/${date}/${group.name}`),
    );
    for (const [i, [tripId]] of running.entries()) bunchedLateS.set(tripId, late[i]!);
  }
  const planned: PlannedTrip[] = [];
  for (const pattern of network.patterns) {
    const route = network.routes.find((r) => r.routeId === pattern.routeId)!;
    const others = route.character === 'bunched' ? 'ordinary' : route.character;
    const random = seededRandom(seed, `transit/${date}/${pattern.patternId}`);
    for (const trip of inOrder(trips, pattern)) {
      const fate = fates.get(trip.tripId) ?? 'run';
      const bunchedS = bunchedLateS.get(trip.tripId);
      const lateS = fate === 'canceled' ? 0 : (bunchedS ?? leaves(others, random));
      planned.push({ trip, pattern, character: bunchedS === undefined ? others : 'bunched', fate, lateS });
    }
  }
  return planned;
}

function waysOfBunchedRoutes(network: TransitNetwork, trips: readonly TransitTrip[]): BunchedTrips[] {
  const bunched = new Set(network.routes.filter((r) => r.character === 'bunched').map((r) => r.routeId));
  return network.patterns
    .filter((p) => bunched.has(p.routeId))
    .map((pattern) => ({
      name: pattern.patternId,
      dueS: new Map(inOrder(trips, pattern).map((t) => [t.tripId, t.departureS[0]!])),
    }));
}

function inOrder(trips: readonly TransitTrip[], { patternId }: TransitPattern): TransitTrip[] {
  return trips.filter((t) => t.patternId === patternId).sort((a, b) => a.departureS[0]! - b.departureS[0]!);
}

function leaves(character: 'punctual' | 'ordinary', random: Random): number {
  if (character === 'punctual') return Math.round(random.between(0, 25));
  // Most leave within a minute, some after a few.
  return Math.round(-45 * Math.log(1 - 0.98 * random.next()));
}

/** Exactly so many of the date, whichever they are. */
function fatesOf(trips: readonly TransitTrip[], random: Random): Map<string, Fate> {
  const shuffled = random.shuffle(trips);
  const canceled = Math.round(CANCELED_SHARE * trips.length);
  const unobserved = Math.round(UNOBSERVED_SHARE * trips.length);
  return new Map(
    shuffled
      .slice(0, canceled + unobserved)
      .map((t, i) => [t.tripId, i < canceled ? 'canceled' : 'unobserved']),
  );
}

/** Planted: the share of headways below a quarter of the scheduled one, and the excess wait. */
export const BUNCHED_SHARE = 0.15;
export const EXCESS_WAIT_S = 108;
/** Of the scheduled headway: between vehicles of a bunch, and at least between all others. */
const IN_BUNCH = 0.12;
const APART = 0.36;

/**
 * Departures of a line that bunches: here and there a vehicle runs so late that the two or three behind it catch up.
 * How unevenly the others run is then fitted so that the wait comes out as planted, beside what all `scheduled` departures
 * promise. `due` are those not called off.
 */
function bunchedLate(scheduled: readonly number[], due: readonly number[], random: Random): number[] {
  const headwayS = Math.min(...due.slice(1).map((s, i) => s - due[i]!));
  const lastOfBunch = bunches(due.length, random);
  const uneven = due.map(() => random.next());
  const lateAt = (spread: number): number[] => {
    let beforeS = Number.NEGATIVE_INFINITY;
    return due.map((dueS, i) => {
      const last = lastOfBunch[i]!;
      const follows = i > 0 && last > 0 && lastOfBunch[i - 1] === last;
      // A bunch is as late as its last one is punctual.
      const wantedS =
        last > 0 ? due[last]! - (last - i) * IN_BUNCH * headwayS : dueS + spread * headwayS * uneven[i]!;
      const leastS = beforeS + (follows ? 0 : APART * headwayS);
      beforeS = Math.round(Math.max(wantedS, leastS));
      return beforeS - dueS;
    });
  };
  const promisedS = waitS(scheduled);
  let low = 0;
  let high = 2.5;
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2;
    const late = lateAt(middle);
    if (waitS(due.map((s, i) => s + late[i]!)) - promisedS < EXCESS_WAIT_S) low = middle;
    else high = middle;
  }
  return lateAt((low + high) / 2);
}

/** Mean wait of passengers who come at any time: sum h^2 / (2 sum h). */
function waitS(departures: readonly number[]): number {
  let squares = 0;
  let sum = 0;
  for (let i = 1; i < departures.length; i++) {
    const h = departures[i]! - departures[i - 1]!;
    squares += h * h;
    sum += h;
  }
  return squares / (2 * sum);
}

/** For each trip the last of its bunch of three or four, turn about; 0 for who runs alone. So many of all follow closely. */
function bunches(trips: number, random: Random): number[] {
  const last = Array.from({ length: trips }, () => 0);
  const close = Math.round(BUNCHED_SHARE * (trips - 1));
  const sizes: number[] = [];
  for (let n = 0, size = 2; n < close; size = 5 - size) {
    const more = Math.min(size, close - n);
    sizes.push(more);
    n += more;
  }
  const room = trips / sizes.length;
  for (const [i, behind] of sizes.entries()) {
    const first = Math.floor(i * room + random.between(1, Math.max(1.01, room - behind - 2)));
    last.fill(first + behind, first, Math.min(trips, first + behind + 1));
  }
  return last.map((n) => Math.min(n, trips - 1));
}
