import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#domain/instant.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { DeadLetterSelection } from '../dead-letters.ts';
import type { LedgerSum } from '../ledger-sum.ts';
import { planReadmission, type ReadmissionPlan } from '../readmit.ts';
import type { SensorState } from './sensor-state.ts';
import { type HourRow, type SensorRow, type Survey, survey } from './survey.ts';

export interface SensorFilter {
  state?: SensorState | undefined;
  /** Part of a device's or a site's id or name. */
  text?: string | undefined;
  offset: number;
  limit: number;
}

export interface Overview {
  asOf: Instant;
  since: Instant;
  ledger: LedgerSum;
  hours: HourRow[];
  sensorsByState: Record<SensorState, number>;
  deadLetters: number;
  /** What the door has refused by reason, ever. */
  refusedAtDoor: Record<string, number>;
  tookMs: number;
}

export interface SensorsPage {
  asOf: Instant;
  since: Instant;
  sensors: SensorRow[];
  /** How many fit the filter. */
  found: number;
  sensorsByState: Record<SensorState, number>;
}

/** What can be asked of the store; each answer is plain data. */
export interface CityAnswers {
  overview(): Promise<Overview>;
  sensors(filter: SensorFilter): Promise<SensorsPage>;
  /** JSON text of every sensor. */
  sensorsJson(): Promise<string>;
  planReadmission(selection: DeadLetterSelection, starts: readonly number[]): Promise<ReadmissionPlan>;
}

const FRESH_MS = 2_000;
/** Looking takes at most a tenth of a thread. */
const REST = 10;

export function cityAnswers(db: DatabaseSync, registry: Registry, clock: () => Instant): CityAnswers {
  const door = db.prepare('SELECT reason, sum(refused) AS n FROM door GROUP BY reason ORDER BY n DESC');
  let last: Survey | undefined;
  let next: Promise<Survey> | undefined;

  const current = async (): Promise<Survey> => {
    if (last && clock() - last.asOf < Math.max(FRESH_MS, REST * last.tookMs)) return last;
    next ??= registry
      .view()
      .then((view) => survey(db, view, clock()))
      .finally(() => {
        next = undefined;
      });
    last = await next;
    return last;
  };

  return {
    overview: async () => {
      const { sensors: _, ...rest } = await current();
      const refusedAtDoor = Object.fromEntries(door.all().map((r) => [r.reason as string, r.n as number]));
      return { ...rest, refusedAtDoor };
    },
    sensors: async ({ state, text, offset, limit }) => {
      const { asOf, since, sensors, sensorsByState } = await current();
      const wanted = text?.toLowerCase();
      const found = sensors.filter(
        (s) =>
          (state === undefined || s.state === state) &&
          (!wanted || [s.deviceId, s.siteId, s.site].some((name) => name?.toLowerCase().includes(wanted))),
      );
      const page = found.slice(offset, offset + limit);
      return { asOf, since, sensors: page, found: found.length, sensorsByState };
    },
    sensorsJson: async () => {
      const { asOf, since, sensors } = await current();
      return JSON.stringify({ asOf, since, sensors });
    },
    planReadmission: async (selection, starts) => planReadmission(db, selection, starts),
  };
}
