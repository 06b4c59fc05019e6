import { expect, test } from 'vitest';
import { hubFault } from '#apps/hub-fault.ts';
import { StoreUnavailable } from '#domain/store.ts';
import { asOutage } from '#infra/azure/outage.ts';
import { retried } from '#infra/iot-hub/retried.ts';

/** As azure-iothub names what the hub answers. */
const sdkError = (name: string) => Object.assign(new Error('it said no'), { name });

test('a hub that is busy is asked again, slower each time; another refusal is passed on at once', async () => {
  const askedMs: number[] = [];
  const answer = await retried(async () => {
    askedMs.push(performance.now());
    if (askedMs.length < 3) throw sdkError('ThrottlingError');
    return 'taken';
  });
  expect(answer).toBe('taken');
  const [first, second, third] = askedMs as [number, number, number];
  expect(second - first).toBeGreaterThan(450);
  expect(third - second).toBeGreaterThan(950);

  let asked = 0;
  const refused = retried(async () => {
    asked += 1;
    throw sdkError('UnauthorizedError');
  });
  await expect(refused).rejects.toMatchObject({ name: 'UnauthorizedError' });
  expect(asked).toBe(1);
});

test('what a hub that stays busy refuses has a fact, a detail and a hint', () => {
  expect(hubFault(sdkError('ThrottlingError'), 'sync the hub')).toMatchObject({
    message: 'could not sync the hub',
    detail: 'ThrottlingError: it said no',
    hint: 'the hub has had enough for now: try again in a minute',
  });
});

test('a storage account that throttles, and one that is away, are waited out; a wrong key is not', () => {
  const answered = (statusCode: number, code: string) => Object.assign(new Error(code), { statusCode, code });
  expect(asOutage(answered(503, 'ServerBusy'), 'write')).toBeInstanceOf(StoreUnavailable);
  expect(asOutage(answered(429, 'TooManyRequests'), 'write')).toBeInstanceOf(StoreUnavailable);
  expect(asOutage(Object.assign(new Error('no way'), { code: 'ENOTFOUND' }), 'write')).toMatchObject({
    message: 'could not write: no way',
  });
  const wrongKey = answered(403, 'AuthenticationFailed');
  expect(asOutage(wrongKey, 'write')).toBe(wrongKey);
});
