import { expect, test } from 'vitest';
import type { KnownDevice } from '#ingest/gateway/device-directory.ts';
import { permit } from '#ingest/gateway/topic-rules.ts';

const now = Date.UTC(2026, 4, 1, 8);
const device = (deviceId: string, domain: string, role: KnownDevice['role']): KnownDevice => ({
  deviceId,
  key: 'a2V5',
  domain,
  role,
});
const sensor = device('loop-1', 'live', 'sensor');
const feed = device('feed', 'live', 'recorder');
const week = device('week', 'recording:week', 'recorder');
const devices = new Map(
  [
    sensor,
    feed,
    week,
    device("odd:%20$'", 'live', 'sensor'),
    device('old-1', 'recording:week', 'sensor'),
    device('other-1', 'recording:other', 'sensor'),
  ].map((each) => [each.deviceId, each]),
);
const judge = (sender: KnownDevice, topic: string) =>
  permit(topic, sender, { find: (id) => devices.get(id) }, now);

const live = { type: 'telemetry', deviceId: 'loop-1', domain: 'live', receivedAt: undefined };

test.each([
  'devices/loop-1/messages/events/',
  'devices/loop-1/messages/events/%24.mid=1&a=b',
  'headway/v1/loop-1/telemetry',
  'headway/v1/loop-1/telemetry/',
  'headway/v1/loop-1/telemetry/a=b',
])('a sensor may publish on %s', (topic) => {
  expect(judge(sensor, topic)).toEqual(live);
});

test('a device id may hold all that IoT Hub allows', () => {
  const odd = devices.get("odd:%20$'")!;
  expect(judge(odd, "headway/v1/odd:%20$'/telemetry")).toMatchObject({ deviceId: "odd:%20$'" });
});

test.each([
  'devices/loop-2/messages/events/',
  'devices/loop-1/messages/events',
  'devices/loop-1/x/messages/events/',
  'devices/loop-1/messages/devicebound/',
  'headway/v1/loop-2/telemetry',
  'headway/v1//telemetry',
  'headway/v2/loop-1/telemetry',
  'headway/v1/loop-1/telemetry2',
  'x/headway/v1/loop-1/telemetry',
  '$SYS/heartbeat',
  '$iothub/twin/PUT/?$rid=1',
  '$iothub/twin/GET/?rid=1',
  '$iothub/twin/PATCH/properties/desired/?$rid=1',
  '$iothub/methods/res/2x/?$rid=1',
  'headway/v1/loop-1/telemetry\nx',
])('a sensor may not publish on %j', (topic) => {
  expect(judge(sensor, topic)).toBe('not-your-topic');
});

test.each([
  'headway/v1/loop-1/telemetry/receivedAt=2012-03-01T00%3A00%3A00Z',
  'devices/loop-1/messages/events/a=b&receivedAt=2012-03-01T00%3A00%3A00Z',
  'headway/v1/loop-1/telemetry/end=1',
])('a sensor may not say when it was received, nor end: %s', (topic) => {
  expect(judge(sensor, topic)).toBe('received-at');
});

test('a recorder sends for the devices of its recording, under the time it names', () => {
  const at = Date.UTC(2012, 2, 1, 8);
  const record = { deviceId: 'old-1', domain: 'recording:week', receivedAt: at };
  const topic = 'headway/v1/old-1/telemetry';
  expect(judge(week, `${topic}/receivedAt=2012-03-01T08%3A00%3A00Z`)).toEqual({
    type: 'telemetry',
    ...record,
  });
  expect(judge(week, `${topic}/receivedAt=2012-03-01T09%3A00%3A00%2B01%3A00`)).toEqual({
    type: 'telemetry',
    ...record,
  });
  expect(judge(week, `${topic}/end=1&receivedAt=2012-03-01T08:00:00Z`)).toEqual({ type: 'end', ...record });
});

test.each([
  ['headway/v1/old-1/telemetry', 'received-at'],
  ['headway/v1/old-1/telemetry/receivedAt=2012-03-01', 'received-at'],
  ['headway/v1/old-1/telemetry/receivedAt=2012-03-01T08%3A00%3A00', 'received-at'],
  ['headway/v1/old-1/telemetry/receivedAt=%zz', 'received-at'],
  ['headway/v1/old-1/telemetry/receivedAt=2012-03-01T08:00:00Z&end=yes', 'malformed'],
  ['headway/v1/other-1/telemetry/receivedAt=2012-03-01T08:00:00Z', 'unknown-recorder-device'],
  ['headway/v1/loop-1/telemetry/receivedAt=2012-03-01T08:00:00Z', 'unknown-recorder-device'],
  ['headway/v1/nobody/telemetry/receivedAt=2012-03-01T08:00:00Z', 'unknown-recorder-device'],
  ['devices/old-1/messages/events/receivedAt=2012-03-01T08:00:00Z', 'not-your-topic'],
])('a recorder may not: %s is %s', (topic, reason) => {
  expect(judge(week, topic)).toBe(reason);
});

test('a sensor may ask for its twin, report, and answer a method; a recorder may not', () => {
  const asked = (topic: string) => [judge(sensor, topic), judge(week, topic)];
  expect(asked('$iothub/twin/GET/?$rid=a-1')).toEqual([
    { type: 'hub', request: { type: 'twin-get', requestId: 'a-1' } },
    'not-your-topic',
  ]);
  expect(asked('$iothub/twin/PATCH/properties/reported/?$rid=2&$version=7')).toEqual([
    { type: 'hub', request: { type: 'twin-report', requestId: '2', ifVersion: 7 } },
    'not-your-topic',
  ]);
  expect(asked('$iothub/methods/res/-1/?$rid=3')).toEqual([
    { type: 'hub', request: { type: 'method-answer', requestId: '3', status: -1 } },
    'not-your-topic',
  ]);
});

test('a recorder of the live city may not drag live time into the future', () => {
  const topic = 'headway/v1/loop-1/telemetry/receivedAt=';
  expect(judge(feed, `${topic}2026-05-01T08:01:00Z`)).toMatchObject({ deviceId: 'loop-1' });
  expect(judge(feed, `${topic}2026-05-01T08:01:01Z`)).toBe('received-at');
});
