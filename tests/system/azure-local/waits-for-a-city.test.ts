import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { localServices } from '../scale-out/local-services.ts';
import { startRole } from '../scale-out/role-process.ts';

test('a processor that comes before the city is named waits for it, and says so', async (context) => {
  const directory = await temporaryDirectory(context);
  const { settings, close } = await localServices(directory, 1);
  context.onTestFinished(close);
  const waits = Promise.withResolvers<void>();
  const starting = startRole('processor', directory, settings, (said) => {
    if (said.includes('no city is named yet: waiting')) waits.resolve();
  });
  const data = await openCity(join(directory, 'own'), readConfig(undefined, settings));
  context.onTestFinished(data.close);
  await waits.promise;
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  const processor = await starting;
  expect(await processor.drain(), processor.said()).toBe(0);
});
