import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { FeedSurvey } from '#analytics/feed-quality/live/live-feed-quality.ts';
import type { DayBoardings } from '#analytics/transit/live-boardings.ts';
import type { Instant } from '#domain/instant.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { DeadLetterSelection } from '../dead-letters.ts';
import { planReadmission, type ReadmissionPlan } from '../readmit.ts';
import { keptAnswer } from './kept-answer.ts';
import { type LedgerSurvey, ledgerSurvey } from './ledger-survey.ts';
import { type FeedsNow, feedsNow } from './live-feeds.ts';
import { type LiveTransit, liveTransit } from './live-transit.ts';
import type { SensorState } from './sensor-state.ts';
import { type SensorSurvey, sensorSurvey } from './sensor-survey.ts';

export interface SensorFilter {
  state?: SensorState | undefined;
  /** Part of a device's or a site's id or name. */
  text?: string | undefined;
  offset: number;
  limit: number;
}

export interface Overview<Ledger = LedgerSurvey> {
  ledger: Ledger;
  sensorsByState: Record<SensorState, number>;
  /** What the door has refused by reason, ever. */
  refusedAtDoor: Record<string, number>;
}

export interface SensorsPage extends SensorSurvey {
  /** How many fit the filter; `sensors` are those of one page. */
  found: number;
}

/** What can be asked of the store; each answer is plain data. */
export interface CityAnswers {
  overview(): Promise<Overview>;
  /** The same, without the ledger where adding it up takes longer than anybody likes to wait for a page. */
  quickOverview(): Promise<Overview<LedgerSurvey | null>>;
  sensors(filter: SensorFilter): Promise<SensorsPage>;
  /** JSON text of every sensor. */
  sensorsJson(): Promise<string>;
  planReadmission(selection: DeadLetterSelection, starts: readonly number[]): Promise<ReadmissionPlan>;
  /** Vehicles that are under way, against the timetable, and the day's passengers; null where there are none of either. */
  transit(): Promise<LiveTransit | null>;
  /** null where nothing speaks like a feed, or the city has no thread that judges them. */
  feeds(): Promise<FeedsNow | null>;
}

/** What is told live, of a city where anything is. */
export interface LiveTold {
  /** Of stop visits. */
  visitFiles(): string[];
  /** By service date, ascending. */
  boardings(): DayBoardings[] | null;
  feeds(): FeedSurvey | null;
}

const PATIENCE_MS = 1_500;

export function cityAnswers(
  db: DatabaseSync,
  registry: Registry,
  clock: () => Instant,
  live: LiveTold = { visitFiles: () => [], boardings: () => null, feeds: () => null },
): CityAnswers {
  const door = db.prepare('SELECT reason, sum(refused) AS n FROM door GROUP BY reason ORDER BY n DESC');
  const nowMs = () => performance.now();
  const ledger = keptAnswer(() => ledgerSurvey(db, clock()), nowMs);
  const transit = keptAnswer(async () => liveTransit(live.visitFiles(), live.boardings(), clock()), nowMs);
  const feeds = keptAnswer(async () => {
    const survey = live.feeds();
    return survey && survey.feeds.length > 0 ? feedsNow(survey, clock()) : null;
  }, nowMs);
  const sensors = keptAnswer(async () => sensorSurvey(db, await registry.view(), clock()), nowMs);

  const withLedger = async <L>(ledger: Promise<L>): Promise<Overview<L>> => ({
    sensorsByState: (await sensors()).byState,
    ledger: await ledger,
    refusedAtDoor: Object.fromEntries(door.all().map((r) => [r.reason as string, r.n as number])),
  });

  return {
    overview: () => withLedger(ledger()),
    quickOverview: () => withLedger(Promise.race([ledger(), delay(PATIENCE_MS, null)])),
    sensors: async ({ state, text, offset, limit }) => {
      const all = await sensors();
      const wanted = text?.toLowerCase();
      const found = all.sensors.filter(
        (s) =>
          (state === undefined || s.state === state) &&
          (!wanted || [s.deviceId, s.siteId, s.site].some((name) => name?.toLowerCase().includes(wanted))),
      );
      return { ...all, sensors: found.slice(offset, offset + limit), found: found.length };
    },
    sensorsJson: async () => JSON.stringify(await sensors()),
    planReadmission: async (selection, starts) => planReadmission(db, selection, starts),
    transit,
    feeds,
  };
}
