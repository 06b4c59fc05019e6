import { formatInstant } from '#domain/instant.ts';
import { caveatCounter } from '../recordings/caveats.ts';
import { nameFromPath } from '../recordings/find-file.ts';
import { emptyRegistry, type RecordedRegistry, type RecordingFormat } from '../recordings/recording.ts';
import { RecordingFault } from '../recordings/recording-fault.ts';
import type { Feed } from './feed.ts';
import { feedMessages } from './feed-messages.ts';

/**
 * A recording of a feed as `headway replay` takes it. The feed is a device named after the recording (or as asked);
 * sensors that it carries are devices of their own, named by the feed's device and their id.
 */
export function feedRecording(feed: Feed): RecordingFormat {
  return {
    name: feed.name,
    describe: feed.describe,
    open: async (path, options) => {
      const name = options.name ?? nameFromPath(path);
      const deviceId = deviceName(options.device ?? name);
      const timezone = options.timezone ?? 'UTC';
      const sensorDeviceId = (sensorId: string) => deviceName(`${deviceId}:${sensorId}`);
      const registry = await devicesIn(feed, path, timezone, deviceId, sensorDeviceId);
      let caveats = caveatCounter();
      return {
        name,
        timezone,
        city: name,
        registry,
        notes:
          options.timezone === undefined
            ? [
                'The city’s days are UTC days, and times without an offset are UTC: --timezone says otherwise.',
              ]
            : [],
        messages: () => {
          caveats = caveatCounter();
          return feedMessages(feed.recorded(path, { timezone }), {
            feed,
            timezone,
            deviceId,
            sensorDeviceId,
            onUnusable: ({ reason, detail }) =>
              caveats.add(reason, 'it could not be used: it is logged as it came, and rejected', detail),
            onMended: (reason, n, { receivedAt }) =>
              caveats.add(
                `left out or mended: ${reason}`,
                'the rest of the reading is sent',
                formatInstant(receivedAt),
                n,
              ),
          });
        },
        caveats: () => caveats.list(),
      };
    },
  };
}

/** Reads the recording once: who reports in it, and that there is anything at all. */
async function devicesIn(
  feed: Feed,
  path: string,
  timezone: string,
  deviceId: string,
  sensorDeviceId: (sensorId: string) => string,
): Promise<RecordedRegistry> {
  const decode = feed.decoder({ timezone });
  const devices = new Map<string, string>([[deviceId, `feed ${feed.name}`]]);
  let messages = 0;
  for await (const message of feed.recorded(path, { timezone })) {
    messages++;
    if (!feed.carriesSensors) break;
    for (const { sensorId } of decode(message).readings) {
      if (sensorId !== undefined) devices.set(sensorDeviceId(sensorId), sensorId.slice(0, 200));
    }
  }
  if (messages === 0) {
    throw new RecordingFault(
      `${path} holds no message`,
      `nothing that ${feed.name} could read`,
      'Is it the right file?',
    );
  }
  const registry = emptyRegistry();
  for (const [id, siteName] of devices) {
    registry.sites.push({ siteId: id, name: siteName });
    registry.deviceIds.push(id);
    registry.installations.push({ deviceId: id, siteId: id });
  }
  return registry;
}

/** In the letters that a device may have. */
function deviceName(name: string): string {
  return name.replace(/[^A-Za-z0-9\-:.+_*?!(),=@$']+/g, '-').slice(0, 128);
}
