import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HealthAnswer, healthAnswer } from '#analytics/health/health-answer.ts';
import { openSession, refreshLake } from '#apps/lake-session.ts';
import { workDueNights } from '#apps/nights.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import type { Fault, FaultKind } from '#device-sim/faults/fault.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import { sendSimulatedPast, temporaryCity } from '../pipeline/simulated-past.ts';

/**
 * HEADWAY_HEALTH_SENSORS=300 HEADWAY_HEALTH_DAYS=14 HEADWAY_HEALTH_HEALTHY=0 HEADWAY_HEALTH_SEEDS=1,2,3: the longer
 * form. The first days (HEALTHY) are without faults: flow balance needs three to know what is usual.
 */
const asked = (name: string, usual: number) => Number(process.env[`HEADWAY_HEALTH_${name}`] ?? usual);
const sensors = asked('SENSORS', 60);
const days = asked('DAYS', 7);
const healthyDays = asked('HEALTHY', 4);
const seeds = (process.env.HEADWAY_HEALTH_SEEDS ?? '14').split(',').map(Number);

const causeOf: Record<FaultKind, readonly string[]> = {
  lose: ['losing'],
  repeat: ['repeating'],
  delay: ['delayed'],
  reorder: ['reordered'],
  restate: ['restating'],
  'clock-hour': ['clock'],
  'clock-minutes': ['clock'],
  stuck: ['stuck'],
  silent: ['silent', 'interrupted'],
  chattering: ['chattering'],
  undercount: ['undercount'],
  'swapped-lanes': ['swapped-lanes'],
  'swapped-directions': ['swapped-directions'],
  'dead-cabinet': ['cabinet-silent'],
};

interface Verdict {
  date: string;
  device_id: string;
  verdict: string;
  cause: string;
  stale: boolean;
  formula_version: number;
}

describe.each(seeds)('detectors of a simulated city with every fault (seed %i)', (seed) => {
  // A Thursday: faults begin on a Monday. At weekends both directions of a freeway run alike, and no swap shows.
  const from = Date.UTC(2026, 2, 5);
  const to = from + days * DAY_MS;
  const city = simulatedCity({ seed, sensors });
  const faults = plantedFaults(city, { from: from + healthyDays * DAY_MS, to });
  const data = temporaryCity(city);
  const iso = (at: number) => new Date(at).toISOString().slice(0, 10);
  let answer: HealthAnswer;
  let verdicts: Verdict[];

  beforeAll(async () => {
    await sendSimulatedPast(data, { city, from, to, faults });
    await refreshLake(data);
    await workDueNights(data, { from: iso(from), to: iso(to) });
    answer = await health();
    verdicts = answer.verdicts as unknown as Verdict[];
  }, 600_000);
  afterAll(() => data.remove());

  const health = async (): Promise<HealthAnswer> => {
    const db = await openSession(data);
    const found = await healthAnswer(db, iso(from), iso(to));
    db.closeSync();
    return found;
  };
  /** Hours of a London winter's day within the fault. */
  const hours = (fault: Fault, date: string) =>
    Math.max(0, Math.min(fault.to, Date.parse(date) + DAY_MS) - Math.max(fault.from, Date.parse(date))) /
    HOUR_MS;
  const ailing = (v: Verdict) =>
    faults.some((f) => f.deviceIds.includes(v.device_id) && hours(f, v.date) > 0);

  test('each planted fault has its right cause on every whole day it lasts, or else on one day', () => {
    for (const fault of faults) {
      const mine = verdicts.filter((v) => fault.deviceIds.includes(v.device_id) && hours(fault, v.date) > 0);
      const whole = mine.filter((v) => hours(fault, v.date) === 24);
      const right = (v: Verdict) => causeOf[fault.kind].includes(v.cause);
      const wrong = whole.filter((v) => !right(v)).map((v) => [v.date, v.device_id, v.cause]);
      expect(wrong, fault.faultId).toEqual([]);
      for (const deviceId of fault.deviceIds) {
        expect(
          mine.some((v) => v.device_id === deviceId && right(v)),
          `${fault.faultId} ${deviceId}`,
        ).toBe(true);
      }
    }
    const kinds = new Set(faults.map((f) => f.kind));
    expect(
      Object.keys(causeOf).filter((kind) => !kinds.has(kind as FaultKind) && kind !== 'swapped-lanes'),
    ).toEqual([]);
  });

  test('at most one healthy detector-day in a hundred is condemned, nights without anybody among them', () => {
    const healthy = verdicts.filter((v) => !ailing(v));
    const condemned = healthy.filter((v) => v.verdict !== 'healthy');
    expect(condemned.length / healthy.length, JSON.stringify(condemned[0])).toBeLessThanOrEqual(0.01);
    const empty = new Set(city.streets.filter((s) => s.emptyAtNight).map((s) => s.road));
    const devices = new Set(city.sensors.filter((s) => empty.has(s.road)).map((s) => s.deviceId));
    const nights = healthy.filter((v) => devices.has(v.device_id));
    expect(nights.length).toBeGreaterThan(0);
    expect(nights.filter((v) => v.verdict === 'bad')).toEqual([]);
  });

  test('the work list has every open fault once, the cabinet as one repair of eight devices', () => {
    const open = answer.repairs.filter((r) => r.still_open === true).map((r) => r.cause);
    for (const fault of faults.filter((f) => f.to >= to))
      expect(open, fault.faultId).toContain(causeOf[fault.kind][0]);
    const cabinets = answer.repairs.filter((r) => r.cause === 'cabinet-silent');
    expect(cabinets.map((c) => c.devices)).toEqual(faults.some((f) => f.kind === 'dead-cabinet') ? [8] : []);
    const vkt = answer.repairs
      .filter((r) => r.still_open === true)
      .map((r) => (r.vkt_veh_km_day as number | null) ?? -1);
    expect(vkt).toEqual([...vkt].sort((a, b) => b - a));
  });

  test('nothing is judged twice, and nothing is stale until data change', async () => {
    expect(answer.stale).toBe(0);
    expect(await workDueNights(data, { from: iso(from), to: iso(to) })).toEqual([]);
    const path = join(data.lakePath, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      derived: Record<string, Record<string, { restsOn: string[] }>>;
    };
    expect(Object.keys(manifest.derived.detector_days!)).toHaveLength(days);
  });
});
