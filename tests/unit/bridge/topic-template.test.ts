import { expect, test } from 'vitest';
import { topicTemplate } from '#ingest/bridge/topic-template.ts';

test('a level of the topic is the device', () => {
  const { deviceOf, filter } = topicTemplate('headway/v1/{device}/telemetry');
  expect(filter).toBe('headway/v1/+/telemetry');
  expect(deviceOf('headway/v1/loop-1/telemetry')).toBe('loop-1');
  expect(deviceOf('headway/v2/loop-1/telemetry')).toBeUndefined();
  expect(deviceOf('headway/v1/loop-1/telemetry/more')).toBeUndefined();
  expect(deviceOf('headway/v1//telemetry')).toBeUndefined();
});

test('two levels are joined, + and # stand for any, as in the topics of HFP', () => {
  const { deviceOf, filter } = topicTemplate('/hfp/v2/journey/+/+/+/{device}/{device}/#');
  expect(filter).toBe('/hfp/v2/journey/+/+/+/+/+/#');
  const topic = '/hfp/v2/journey/ongoing/vp/bus/0055/01216/1069/1/Malmi/7:20/1130106/2/60;24/19/73/44';
  expect(deviceOf(topic)).toBe('0055-01216');
  expect(deviceOf('/hfp/v2/journey/ongoing/vp/bus/0055/01216')).toBe('0055-01216');
  expect(deviceOf('/hfp/v2/journey/ongoing/vp/bus/0055')).toBeUndefined();
});

test('a template without a device, or that is no filter, is refused', () => {
  expect(() => topicTemplate('a/b')).toThrow('no level is {device}');
  expect(() => topicTemplate('a/#/{device}')).toThrow('# is neither');
  expect(() => topicTemplate('a/x{device}')).toThrow('x{device} is neither');
});
