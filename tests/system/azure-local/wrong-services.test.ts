import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { localServices } from '../scale-out/local-services.ts';

const otherKey = Buffer.from('another key').toString('base64');
const withKey = (connectionString: string) =>
  connectionString.replace(/((?:AccessKey|AccountKey)=)[^;]+/, `$1${otherKey}`);

test('a key, a hub or a service that is wrong is told at start, with fact, detail and hint', async (context) => {
  const directory = await temporaryDirectory(context);
  const { settings, close } = await localServices(directory, 1);
  context.onTestFinished(close);
  let places = 0;
  const opened = async (wrong: Record<string, string>): Promise<void> => {
    const config = readConfig(undefined, { ...settings, ...wrong });
    const data = await openCity(join(directory, `own-${places++}`), config);
    try {
      const log = await data.openLog(config);
      await log.close();
    } finally {
      data.close();
    }
  };
  await opened({});

  const refused = (fact: string, detail: RegExp) => ({
    message: fact,
    detail: expect.stringMatching(detail),
    hint: expect.stringMatching(/connection string or login right/),
    exitCode: 3,
  });
  const cosmos = settings.HEADWAY_COSMOS_CONNECTION_STRING!;
  const eventHubs = settings.HEADWAY_EVENT_HUBS_CONNECTION_STRING!;
  const blob = settings.HEADWAY_BLOB_CONNECTION_STRING!;
  await expect(opened({ HEADWAY_COSMOS_CONNECTION_STRING: withKey(cosmos) })).rejects.toMatchObject(
    refused('could not reach Cosmos DB', /authorization/i),
  );
  await expect(opened({ HEADWAY_EVENT_HUBS_CONNECTION_STRING: withKey(eventHubs) })).rejects.toMatchObject(
    refused('could not reach Event Hubs', /hub headway at localhost: UnauthorizedError/),
  );
  await expect(opened({ HEADWAY_BLOB_CONNECTION_STRING: withKey(blob) })).rejects.toMatchObject(
    refused('could not reach Blob Storage', /authenticate/i),
  );
  await expect(opened({ HEADWAY_EVENT_HUBS_HUB: 'leeds' })).rejects.toMatchObject(
    refused('could not reach Event Hubs', /hub leeds at localhost: MessagingEntityNotFoundError/),
  );
  await expect(
    opened({ HEADWAY_BLOB_CONNECTION_STRING: blob.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9') }),
  ).rejects.toMatchObject(refused('could not reach Blob Storage', /ECONNREFUSED/));
}, 120_000);
