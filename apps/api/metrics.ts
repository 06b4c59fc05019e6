import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Overview } from './answers.ts';
import { type FeedsNow, feedStates } from './live-feeds.ts';
import type { PipelineState } from './pipeline-state.ts';
import { sensorStates } from './sensor-state.ts';

/** Prometheus text. Labels are outcomes, reasons, partitions and states: few, and never a device. */
export function prometheusMetrics(
  read: () => Promise<{ pipeline: PipelineState; overview: Overview; feeds: FeedsNow | null }>,
) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'headway_' });
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `headway_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `headway_${name}`, help, labelNames, registers });

  const readings = counter('readings_total', 'Readings in the ledger by outcome and reason.', [
    'outcome',
    'reason',
  ]);
  const refused = counter('door_refused_total', 'Connections the door has refused or closed.', ['reason']);
  const taken = counter('messages_taken_total', 'Messages handed to the log since the start.');
  const durable = counter(
    'messages_durable_total',
    'Messages made durable and acknowledged since the start.',
  );
  const connections = gauge('connections', 'Open connections of devices.');
  const inFlight = gauge('in_flight_messages', 'Messages on their way to the disk.');
  const inFlightBytes = gauge('in_flight_bytes', 'Bytes on their way to the disk.');
  const ends = gauge('log_end_position', 'Last durable position of a partition.', ['partition']);
  const checkpoints = gauge('checkpoint_position', 'Last processed position of a partition.', ['partition']);
  const lag = gauge('lag_records', 'Records of a partition that are durable and not yet processed.', [
    'partition',
  ]);
  const sensors = gauge('sensors', 'Sensors by state.', ['state']);
  const feeds = gauge('feeds', 'Feeds that are judged live, by state.', ['state']);
  const deadLetters = gauge('dead_letters', 'Messages with readings that were refused or quarantined.');
  const exported = gauge(
    'lake_exported_timestamp_seconds',
    'When the lake was last brought up to date; 0 before.',
  );

  const setCounter = (metric: Counter, n: number) => {
    metric.reset();
    metric.inc(n);
  };

  return {
    contentType: registry.contentType,
    text: async (): Promise<string> => {
      const { pipeline, overview, feeds: judged } = await read();
      const ledger = overview.ledger.sum;
      readings.reset();
      for (const outcome of ['counted', 'duplicate', 'restated'] as const)
        readings.inc({ outcome, reason: '' }, ledger[outcome]);
      for (const [reason, n] of Object.entries(ledger.reasons)) {
        const outcome = reason === 'ahead' || reason === 'behind' ? 'quarantined' : 'rejected';
        readings.inc({ outcome, reason }, n);
      }
      refused.reset();
      for (const [reason, n] of Object.entries(overview.refusedAtDoor)) refused.inc({ reason }, n);
      if (pipeline.gateway) {
        setCounter(taken, pipeline.gateway.taken);
        setCounter(durable, pipeline.gateway.durable);
        connections.set(pipeline.gateway.connections);
        inFlight.set(pipeline.gateway.inFlightMessages);
        inFlightBytes.set(pipeline.gateway.inFlightBytes);
      }
      for (const p of pipeline.partitions) {
        const partition = String(p.partition);
        ends.set({ partition }, p.end);
        checkpoints.set({ partition }, p.checkpoint);
        lag.set({ partition }, p.lag);
      }
      for (const state of sensorStates) sensors.set({ state }, overview.sensorsByState[state]);
      for (const state of feedStates)
        feeds.set({ state }, judged?.feeds.filter((f) => f.state === state).length ?? 0);
      deadLetters.set(overview.ledger.deadLetters);
      if (pipeline.exportedAt !== null) exported.set(pipeline.exportedAt / 1_000);
      return registry.metrics();
    },
  };
}
