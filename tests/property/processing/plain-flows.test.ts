import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LIVE, type LogRecord } from '#domain/log.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import type { DeviceFacts } from '#processing/device-facts.ts';
import { contentOf, plainFlows } from '#processing/plain-flows.ts';

const AT = Date.UTC(2026, 2, 2, 8, 1);
const rules = admission(usualClockBounds, () => 0);
const facts: DeviceFacts = {
  placeAt: () => ({ deviceId: 'loop', siteId: 'A' }),
  last: { from: 0, to: Number.POSITIVE_INFINITY, siteId: 'A' },
};

const record = (text: string): LogRecord => ({
  type: 'telemetry',
  deviceId: 'loop',
  receivedAt: AT + 1_000,
  domain: LIVE,
  payload: Buffer.from(text),
  position: 7,
});

/** Mostly what sensors send; now and then every other way of writing it. */
const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: odd });
const decimals = (most: number) =>
  fc.oneof(
    fc.nat(most).map(String),
    fc.double({ min: 0, max: most, noNaN: true }).map(String),
    fc.tuple(fc.nat(Math.max(0, most - 1)), fc.nat(999_999)).map(([a, b]) => `${a}.${b}`),
  );
const odd = fc.oneof(
  fc.constantFrom('-1', '-0', '007', '1e2', '1.', '.5', '60.0', '123456789012345678', 'null', '"5"', 'true'),
  decimals(3_000),
);
const observedAt = often(
  fc.oneof(
    fc.integer({ min: -600_000, max: 60 }).map((s) => new Date(AT + s * 1_000).toISOString()),
    fc
      .integer({ min: -600_000, max: 60 })
      .map((s) => `${new Date(AT + s * 1_000).toISOString().slice(0, 19)}Z`),
    fc.integer({ min: -600_000_000, max: 60_000 }).map((ms) => new Date(AT + ms).toISOString()),
  ),
  fc.constantFrom(
    '2026-03-02T08:01:00z',
    '2026-03-02T09:01:00+01:00',
    '2026-02-30T08:01:00Z',
    '2026-03-02 08:01:00Z',
    '2026-03-02T08:01:00.5Z',
    '2026-03-02T08:01:00.123456Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T08:60:00Z',
    '2026-01-01T00:00:00Z',
    '2026-04-01T00:00:00Z',
    '202',
  ),
);
const text = often(
  fc.stringMatching(/^[ -!#-[\]-~]{1,20}$/),
  fc.oneof(fc.constantFrom('Süd', 'a\\u0041', 'x'.repeat(128), 'x'.repeat(129), ''), fc.string()),
);
const whole = (most: number) => often(fc.integer({ min: 1, max: most }).map(String), odd);
const fields = fc.record(
  {
    kind: often(fc.constant('"traffic-flow"'), fc.constantFrom('"travel-time"', '"traffic"', '5')),
    observedAt: observedAt.map((at) => `"${at}"`),
    periodS: often(fc.constantFrom('60', '300', '900', '20'), odd),
    count: whole(60),
    speedKmh: often(decimals(250), odd),
    occupancy: often(decimals(1), odd),
    lane: whole(12),
    direction: text.map((t) => `"${t}"`),
    seq: whole(100_000),
    v: often(fc.constant('1'), odd),
    counts: often(
      fc
        .dictionary(fc.constantFrom('car', 'truck', 'bicycle', 'bus', 'other'), fc.nat(20), { minKeys: 1 })
        .map((counts) => JSON.stringify(counts)),
      fc.constantFrom(
        '{}',
        '{"cars":1}',
        '{"car":1,"car":2}',
        '{"car":1.5}',
        '{"car":-1}',
        '[]',
        '{"car": 3}',
        '{ "van":0}',
      ),
    ),
  },
  { requiredKeys: ['kind', 'observedAt', 'periodS'] },
);
const reading = fc
  .tuple(
    fields,
    fc.constantFrom('', ' '),
    fc.nat(8),
    often(fc.constant(''), fc.constantFrom('"count":1,', '"extra":1,', '"kin":2,')),
  )
  .map(([named, space, turn, extra]) => {
    const all = Object.entries(named);
    const turned = [...all.slice(turn), ...all.slice(0, turn)];
    return `{${extra}${turned.map(([name, value]) => `"${name}":${space}${value}`).join(`,${space}`)}}`;
  });
const payload = fc.oneof(
  { weight: 5, arbitrary: reading },
  { weight: 3, arbitrary: fc.array(reading, { maxLength: 4 }).map((all) => `[${all.join(',')}]`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(reading, fc.nat(), fc.constantFrom('', ' ', '"', '}', 'é', ','))
      .map(([t, at, with_]) => {
        const i = at % t.length;
        return t.slice(0, i) + with_ + t.slice(i + 1);
      }),
  },
);

it('reads from the bytes what JSON and the schema read, or leaves it to them', () => {
  const flows = plainFlows();
  let short = 0;
  fc.assert(
    fc.property(payload, (sent) => {
      if (!rules.admitPlain(record(sent), facts, flows)) return;
      short += 1;
      const judged = rules.judge(record(sent), facts);
      expect(judged).toHaveLength(flows.length);
      for (const [i, j] of judged.entries()) {
        if (!('kind' in j)) throw new Error(`${sent}: ${'detail' in j && j.detail}`);
        expect({
          observedAt: flows.observedAt[i],
          siteId: flows.siteId[i],
          windowS: flows.windowS[i],
          windowStart: flows.windowStart[i],
          slot: { subject: '', direction: flows.direction[i], lane: flows.lane[i] },
          content: contentOf(flows, i),
        }).toEqual({
          observedAt: j.observedAt,
          siteId: j.siteId,
          windowS: j.windowS,
          windowStart: j.windowStart,
          slot: j.slot,
          content: j.kind.content(j.reading),
        });
      }
    }),
    { numRuns: 20_000 },
  );
  expect(short).toBeGreaterThan(1_000);
});

it('takes the short way for what usual sensors send', () => {
  const flows = plainFlows();
  const usual = {
    kind: 'traffic-flow',
    observedAt: '2026-03-02T08:00:00Z',
    periodS: 60,
    direction: 'N',
    lane: 2,
    count: 12,
    counts: { car: 10, truck: 2 },
    speedKmh: 61.25,
    occupancy: 0.08,
    seq: 4,
  };
  for (const sent of [JSON.stringify(usual), JSON.stringify([usual, usual])])
    expect(rules.admitPlain(record(sent), facts, flows), sent).toBe(true);
  expect(flows.length).toBe(2);
});
