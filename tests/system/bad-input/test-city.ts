import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { expect } from 'vitest';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { firstMinute, laneOf, minuteOf } from '../recovery/load-reading.ts';
import { foundCity, keyOf, type RunningPipeline, runPipeline } from '../recovery/run-pipeline.ts';

export const HEALTHY = 'healthy';

/** A city with a healthy device, and others that are not; the pipeline runs in a process of its own. */
export interface TestCity {
  directory: string;
  pipeline: RunningPipeline;
  /** How the door answered one message of QoS 1. */
  send(deviceId: string, payload: string | Buffer, as?: { key?: string; topic?: string }): Promise<Answered>;
  /** Readings by outcome, such as { counted: 3, 'rejected impossible': 1 }, once all in the log is processed. */
  outcomes(deviceId: string): Promise<Record<string, number>>;
  deadLetters(deviceId: string): { reason: string; indices: number[]; detail: string }[];
  /** Refusals at the door by reason. */
  refusals(deviceId: string): Promise<Record<string, number>>;
  /** Does `what` while the healthy device goes on sending, and makes sure that each of its readings is counted. */
  beside<T>(what: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** 'refused': by CONNACK. */
export type Answered = 'acknowledged' | 'closed' | 'refused';

export interface TestCityOptions {
  /** Sensors beside the healthy one. */
  devices: readonly string[];
  /** Prepares the directory after the registry is made, before the pipeline starts. */
  prepare?: (directory: string) => Promise<void>;
  pipeline?: Parameters<typeof runPipeline>[1];
  directory?: string;
}

export async function testCity(options: TestCityOptions): Promise<TestCity> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'headway-bad-input-'));
  await foundCity(directory, [HEALTHY, ...options.devices]);
  await options.prepare?.(directory);
  const pipeline = await runPipeline(directory, {
    ...options.pipeline,
    env: { HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100' },
  });
  const db = new DatabaseSync(join(directory, 'store.db'), { readOnly: true });
  const refused = db.prepare(
    'SELECT reason, sum(refused) AS n FROM door WHERE device_id = ? GROUP BY reason',
  );
  const first = firstMinute(Date.now());
  let healthySent = 0;

  const connect = (deviceId: string, key: string, reconnectPeriod = 0) =>
    mqtt.connect(`mqtt://127.0.0.1:${pipeline.port}`, {
      clientId: deviceId,
      username: deviceId,
      password: key,
      reconnectPeriod,
    });

  const send: TestCity['send'] = async (deviceId, payload, as = {}) => {
    const client = connect(deviceId, as.key ?? keyOf(deviceId));
    const topic = as.topic ?? `headway/v1/${deviceId}/telemetry`;
    try {
      return await new Promise<Answered>((resolve) => {
        // A number is MQTT's reason; a word such as ECONNRESET is the system's.
        client.on(
          'error',
          (error) => 'code' in error && typeof error.code === 'number' && resolve('refused'),
        );
        client.on('close', () => resolve('closed'));
        client.publish(topic, payload, { qos: 1 }, (error) => error || resolve('acknowledged'));
      });
    } finally {
      client.end(true);
    }
  };

  const outcomes = async (deviceId: string): Promise<Record<string, number>> => {
    await pipeline.processed();
    const rows = db
      .prepare(
        "SELECT trim(outcome || ' ' || reason) AS name, sum(readings) AS n FROM ledger WHERE device_id = ? GROUP BY name HAVING n > 0",
      )
      .all(deviceId);
    return Object.fromEntries(rows.map((row) => [row.name as string, row.n as number]));
  };

  return {
    directory,
    pipeline,
    send,
    outcomes,
    deadLetters: (deviceId) =>
      db
        .prepare(
          'SELECT reason, indices, detail FROM dead_letters WHERE device_id = ? ORDER BY position, reason',
        )
        .all(deviceId)
        .map((row) => ({
          reason: row.reason as string,
          indices: JSON.parse(row.indices as string) as number[],
          detail: row.detail as string,
        })),
    refusals: async (deviceId) => {
      // The door writes its counts down once a second.
      let rows: Record<string, unknown>[] = [];
      for (const end = Date.now() + 3_000; rows.length === 0 && Date.now() < end; await sleep(50)) {
        rows = refused.all(deviceId);
      }
      return Object.fromEntries(rows.map((row) => [row.reason as string, row.n as number]));
    },
    beside: async (what) => {
      // As devices do: it connects again, and sends again what was not acknowledged.
      const client = connect(HEALTHY, keyOf(HEALTHY), 50);
      client.on('error', () => {});
      const acknowledged: Promise<void>[] = [];
      let patienceEnds = Number.POSITIVE_INFINITY;
      const untilAcknowledged = async (payload: string): Promise<void> => {
        for (;;) {
          try {
            await client.publishAsync(`headway/v1/${HEALTHY}/telemetry`, payload, { qos: 1 });
            return;
          } catch (error) {
            if (Date.now() > patienceEnds) throw error;
            await sleep(20);
          }
        }
      };
      const sendOne = () => acknowledged.push(untilAcknowledged(reading(healthySent++, first)));
      for (let i = 0; i < 5; i++) sendOne();
      const timer = setInterval(sendOne, 10);
      try {
        const result = await what();
        for (let i = 0; i < 5; i++) sendOne();
        clearInterval(timer);
        patienceEnds = Date.now() + 10_000;
        await Promise.all(acknowledged);
        const { counted, duplicate: _sentAgain, ...others } = await outcomes(HEALTHY);
        expect({ counted, others }).toEqual({ counted: healthySent, others: {} });
        return result;
      } finally {
        clearInterval(timer);
        patienceEnds = 0;
        await client.endAsync(true);
      }
    },
    close: async () => {
      await pipeline.stop().catch(() => {});
      db.close();
      // What is mounted there can not be removed itself.
      for (const name of readdirSync(directory))
        rmSync(join(directory, name), { recursive: true, force: true });
      if (!options.directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A good reading of some minutes ago, `fields` changed. */
export function goodReading(
  minutesAgo: number,
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  const at = Date.now() - minutesAgo * MINUTE_MS;
  const observedAt = formatInstant(at - (at % MINUTE_MS));
  return {
    kind: 'traffic-flow',
    observedAt,
    periodS: 60,
    count: 12,
    speedKmh: 61.5,
    occupancy: 0.08,
    ...fields,
  };
}

/** The healthy device's nth: each minute's lanes in turn. */
function reading(n: number, first: number): string {
  const observedAt = formatInstant(minuteOf(n, first) * MINUTE_MS);
  return JSON.stringify({ ...goodReading(0), observedAt, lane: laneOf(n) });
}
