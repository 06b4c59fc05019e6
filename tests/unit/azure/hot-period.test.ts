import { expect, test } from 'vitest';
import { OperatorFault, readConfig } from '#apps/config.ts';

const asked = (hot: string, behind: string) => () =>
  readConfig(undefined, { HEADWAY_COSMOS_HOT_PERIOD_DAYS: hot, HEADWAY_PROCESSING_BEHIND_DAYS: behind });

test('windows that would go while readings for them are still accepted are refused, with fact, detail and hint', () => {
  expect(asked('13', '7')).toThrow(OperatorFault);
  expect(asked('13', '7')).toThrow(
    expect.objectContaining({
      message: 'windows would leave the store while readings for them are still accepted',
      detail: expect.stringMatching(
        /^cosmos.hotPeriodDays is 13 days, and must be at least 14: twice .*, 7$/,
      ),
      hint: expect.stringMatching(/behindDays/),
      exitCode: 2,
    }),
  );
});

test('twice the days that admission accepts are enough', () => {
  expect(asked('14', '7')().cosmos.hotPeriodDays).toBe(14);
  expect(asked('1', '0.5')().cosmos.hotPeriodDays).toBe(1);
});
