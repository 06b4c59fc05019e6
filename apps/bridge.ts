import { type Bridge, startBridge } from '#ingest/bridge/bridge.ts';
import { topicTemplate } from '#ingest/bridge/topic-template.ts';
import type { WrittenLog } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

/** Brings the configured broker's messages into the log, until stopped. @throws OperatorFault */
export async function startCityBridge(
  { bridge }: Config,
  data: Pick<DataDirectory, 'doorCounts'>,
  log: WrittenLog,
  say: (line: string) => void,
): Promise<Bridge> {
  const { url, username, password, clientId, share, deviceOf } = bridge;
  if (url === undefined) {
    throw new OperatorFault(
      'there is no broker to bring messages from',
      'bridge.url is not set',
      'set bridge.url, such as mqtt://broker.example:1883, or leave the role bridge out',
    );
  }
  const template = readTemplate(deviceOf);
  const topics = bridge.topics ?? [template.filter];
  const counts = data.doorCounts();
  try {
    const started = await startBridge({
      log,
      url,
      username,
      password,
      clientId,
      filters: share === undefined ? topics : topics.map((topic) => `$share/${share}/${topic}`),
      template,
      clock: Date.now,
      unusable: (reason) => counts.refused(reason, ''),
      onTrouble: (message) => say(`headway: ${message}`),
    });
    return {
      ...started,
      stop: async () => {
        await started.stop();
        await counts.close();
      },
    };
  } catch (error) {
    await counts.close();
    throw new OperatorFault(
      `could not bring messages from ${url}`,
      (error as Error).message,
      'bridge.username and bridge.password say who we are, bridge.topics what we may read',
      3,
    );
  }
}

function readTemplate(text: string) {
  try {
    return topicTemplate(text);
  } catch (error) {
    throw new OperatorFault(
      'bridge.deviceOf does not say where in a topic the device is',
      (error as Error).message,
      'such as junctions/{device}/loops; + and a last # stand for any level and all further ones',
    );
  }
}
