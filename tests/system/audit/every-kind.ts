import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import type { LogEntry } from '#domain/log.ts';
import type { NewRegistryChange } from '#domain/registry/registry.ts';

export const domain = 'recording:everything';
export const startAt = Date.UTC(2026, 2, 28, 22);

/** Deterministic: a linear congruential generator. */
export function dice(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    below: (n: number) => Math.floor(next() * n),
    chance: (p: number) => next() < p,
    pick: <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)]!,
  };
}

type Dice = ReturnType<typeof dice>;

export function device(deviceId: string, installation: Record<string, unknown> = {}): NewRegistryChange[] {
  return [
    { kind: 'device', id: deviceId, validFrom: 0, body: { deviceId, domain, role: 'sensor', key: 'a2V5' } },
    {
      kind: 'installation',
      id: deviceId,
      validFrom: 0,
      body: { deviceId, siteId: `site-${deviceId}`, ...installation },
    },
  ];
}

/** Messages of one device: readings of all kinds and shapes, repeated, restated, out of order, late, broken. */
export function messages(deviceId: string, seed: number, count: number): LogEntry[] {
  const d = dice(seed);
  const sent: Record<string, unknown>[] = [];
  return Array.from({ length: count }, (_, n) => {
    const receivedAt = startAt + (n + 1) * 2 * MINUTE_MS;
    const readings = Array.from({ length: 1 + d.below(6) }, () => {
      const again = sent.length > 0 && d.chance(0.25) ? d.pick(sent.slice(-80)) : undefined;
      const reading = again ? (d.chance(0.5) ? again : changed(again, d)) : fresh(d, receivedAt);
      sent.push(reading);
      return reading;
    });
    const whole = JSON.stringify(readings.length === 1 && d.chance(0.5) ? readings[0] : readings);
    return { type: 'telemetry', deviceId, receivedAt, domain, payload: Buffer.from(broken(whole, d)) };
  });
}

export function end(deviceId: string, receivedAt = startAt + 3 * DAY_MS): LogEntry {
  return { type: 'end', deviceId, receivedAt, domain, payload: new Uint8Array() };
}

/** Now and then what no schema foresees. */
function broken(text: string, d: Dice): string {
  if (!d.chance(0.06)) return text;
  return d.pick([
    text.slice(0, -2),
    `${text.slice(0, -1)},${text.slice(-1)}`,
    '[NaN]',
    '[]',
    'null',
    '42',
    '[[], {}, "x", null]',
    '{"kind":"weather"}',
    '{"kind":"unusable","feed":"siri/1","reason":"no-xml","detail":"","asItCame":"[{\\"kind\\":1}, NaN,]"}',
    '{"kind":"traffic-flow","observedAt":"yesterday","periodS":60,"count":1}',
    '\u{1F6B2}',
    ' \n[ ] ',
  ]);
}

function fresh(d: Dice, receivedAt: number): Record<string, unknown> {
  const late = d.pick([0, 0, 0, 1, 7, 40, 90]) * MINUTE_MS + d.below(MINUTE_MS);
  let at = receivedAt - late;
  if (d.chance(0.02)) at = receivedAt + d.pick([59_999, 60_000, 60_001, 365 * DAY_MS]);
  if (d.chance(0.02)) at = receivedAt - 7 * DAY_MS + d.pick([-1, 0, 1]);
  const kind = d.below(15);
  if (kind < 6) return flow(d, at - (at % (10 * 1_000)));
  if (kind === 6) {
    const eventCode = d.pick([1, 81, 82, 82]);
    return { kind: 'signal-event', observedAt: written(d, at), eventCode, parameter: d.below(4) };
  }
  if (kind >= 12) return ofFeed(kind, d, at);
  const vehicleId = d.pick(['tram-1', 'bus/2', 'bus 3']);
  if (kind === 7) {
    const [lat, lon] = d.chance(0.1) ? [0, 0] : [60.17 + d.below(9) * 1e-7, 24.94 + d.below(99) / 1e8];
    const event = d.chance(0.5) ? { event: d.pick(['vp', 'arr']) } : {};
    const odometer = d.chance(0.5) ? { odometerM: 1_000.5 + d.below(9), loadShare: 0.0005 * d.below(9) } : {};
    return {
      kind: 'vehicle-position',
      observedAt: written(d, at),
      vehicleId,
      lat,
      lon,
      ...event,
      ...odometer,
    };
  }
  if (kind === 8) {
    const delayS = d.pick([-0.5, 0.5, -1.5, 12.49999, 1e19]);
    const event = d.pick(['arrival', 'departure']);
    return { kind: 'stop-event', observedAt: written(d, at), vehicleId, event, stopId: '"7"', delayS };
  }
  if (kind === 9) {
    return {
      kind: 'passenger-count',
      observedAt: written(d, at),
      vehicleId,
      door: 1 + d.below(3),
      boarded: d.below(9),
    };
  }
  if (kind === 10) {
    const periodS = d.pick([60, 300, 900, 900, 700]);
    const aligned = at - (at % (900 * 1_000));
    return {
      kind: 'travel-time',
      observedAt: written(d, aligned),
      periodS,
      linkId: d.pick(['a', 'b']),
      travelTimeS: 60 + d.below(900) / 7,
    };
  }
  return {
    kind: 'device-status',
    observedAt: written(d, at),
    status: 'ok',
    uptimeS: d.below(99) + 0.5,
    clockOffsetS: -0.0005,
  };
}

/** What feeds say: few moments and few contents, so that they repeat and restate each other. */
function ofFeed(kind: number, d: Dice, at: number): Record<string, unknown> {
  const observedAt = written(d, at - (at % HOUR_MS));
  const feed = d.pick([{ feed: 'hfp/1' }, { feed: 'hfp/2' }, {}]);
  const time = () => written(d, at - (at % HOUR_MS) + d.below(3) * MINUTE_MS);
  if (kind === 12) {
    const call = () => ({
      stopId: d.pick(['s1', '"2"']),
      ...(d.chance(0.5) ? { arrivalAt: time() } : { departureDelayS: d.pick([-0.5, 0.5, 60]) }),
      ...(d.chance(0.2) ? { relationship: 'skipped', recorded: d.chance(0.5) } : {}),
    });
    return {
      kind: 'trip-update',
      observedAt,
      tripId: d.pick(['t1', 't2']),
      ...(d.chance(0.5) ? { routeId: 'A', directionId: d.below(2) } : {}),
      ...(d.chance(0.3) ? { startTime: '24:05:00' } : {}),
      stops: Array.from({ length: d.below(3) }, call),
      ...feed,
    };
  }
  if (kind === 13) {
    return {
      kind: 'service-alert',
      observedAt,
      alertId: d.pick(['a1', 'a2']),
      ...(d.chance(0.5) ? { effect: 'detour', activePeriods: [{ from: time() }] } : {}),
      ...(d.chance(0.5) ? { informs: [{ routeId: d.pick(['A', 'B']) }] } : {}),
      ...feed,
    };
  }
  const lost = d.below(3);
  return {
    kind: 'feed-status',
    observedAt,
    heard: 9,
    used: 9 - lost - d.pick([0, 0, 0, 1]),
    ...(lost > 0 ? { unusable: { 'cut-short': lost } } : {}),
    ...(d.chance(0.3) ? { mended: { 'no-position': 1 }, headerAt: time() } : {}),
    ...feed,
  };
}

function flow(d: Dice, at: number): Record<string, unknown> {
  const r: Record<string, unknown> = { kind: 'traffic-flow', seq: d.below(1_000) };
  r.periodS = d.pick([10, 30, 60, 300, 900, 3_600, 7_200, 86_400, 1_000]);
  const span = d.pick([60_000, 300_000, 900_000, HOUR_MS]);
  r.observedAt = written(d, d.chance(0.7) ? at - (at % span) : at);
  if (d.chance(0.5)) r.lane = 1 + d.below(3);
  if (d.chance(0.3)) r.direction = d.pick(['N', "S'x", 'süd']);
  if (d.chance(0.6)) r.count = d.below(20);
  if (d.chance(0.7))
    r.speedKmh = d.pick([0, 0.0004, 0.0005, 33.3335, 70, 249.9999, 250, 500, d.below(130_000) / 1_000]);
  if (d.chance(0.5)) r.occupancy = d.pick([0, 1, 45, 0.1234565, d.below(1_000_000) / 999_999]);
  if (d.chance(0.2))
    r.counts = d.pick([
      {},
      { car: d.below(6), truck: 1 },
      { bicycle: 0 },
      { car: 1, van: 2, bus: 3, tram: 1, other: 1 },
    ]);
  if (d.chance(0.2)) {
    r.speedBins = Array.from({ length: d.below(4) }, (_, i) => ({
      fromKmh: 20 * i,
      toKmh: 20 * i + d.pick([1, 10, 20, 20.5]),
      count: d.below(3),
    }));
  }
  if (d.chance(0.1))
    r.speedBins = [
      { fromKmh: 50, toKmh: 60, count: 1 },
      { fromKmh: 55, toKmh: 56, count: 2 },
      { fromKmh: 0, toKmh: 1, count: 1 },
    ];
  if (d.chance(0.15)) {
    r.vehicles = Array.from({ length: d.below(4) }, () => ({
      ...(d.chance(0.8) ? { speedKmh: d.below(1_300) / 10 } : {}),
      ...(d.chance(0.7) ? { class: d.pick(['car', 'truck', 'pedestrian']) } : {}),
    }));
  }
  return r;
}

/** The same moment as devices write it. */
function written(d: Dice, at: number): string {
  const iso = new Date(at).toISOString();
  const style = d.below(8);
  if (style === 0) return `${new Date(at + 3 * HOUR_MS).toISOString().slice(0, -1)}+03:00`;
  if (style === 1) return iso.replace('Z', '9Z');
  if (style === 2) return `${iso.slice(0, -1)}999999Z`;
  if (style === 3) return `${new Date(at - 5.5 * HOUR_MS).toISOString().slice(0, -1)}-05:30`;
  return iso.replace('.000Z', 'Z');
}

function changed(reading: Record<string, unknown>, d: Dice): Record<string, unknown> {
  if (reading.kind === 'traffic-flow') {
    return d.chance(0.3)
      ? { ...reading, seq: d.below(1_000) }
      : { ...reading, speedKmh: d.pick([20, 30, 40.0001, 40.0004]) };
  }
  if (reading.kind === 'passenger-count') return { ...reading, boarded: d.below(4) };
  return { ...reading, seq: d.below(9) };
}
