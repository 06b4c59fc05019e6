import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { startParts } from '#apps/pipeline.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { localServices } from '../scale-out/local-services.ts';

test('a processor refuses a database whose windows go too soon, whoever made it', async (context) => {
  const directory = await temporaryDirectory(context);
  const { settings, close } = await localServices(directory, 1);
  context.onTestFinished(close);
  const made = await openCity(
    join(directory, 'made'),
    readConfig(undefined, { ...settings, HEADWAY_COSMOS_HOT_PERIOD_DAYS: '14' }),
  );
  await made.setCity({ name: 'Testbury', timezone: 'UTC' });
  made.close();

  const config = readConfig(undefined, { ...settings, HEADWAY_PROCESSING_BEHIND_DAYS: '8' });
  const data = await openCity(join(directory, 'own'), config);
  context.onTestFinished(data.close);
  const parts = await startParts(config, data, { gateway: false, processor: true });
  await expect(parts.failed).rejects.toMatchObject({
    message: 'windows would leave the store while readings for them are still accepted',
    detail: expect.stringMatching(
      /^the time to live of windows in headway is 14 days, and must be at least 16/,
    ),
    hint: expect.stringContaining('time to live'),
  });
  await parts.stop();
});
