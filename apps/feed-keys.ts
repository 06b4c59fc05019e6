import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hourOf, type Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import { OperatorFault } from './config.ts';

/** The running door looks at the registry four times a second. */
const DOOR_KNOWS_AFTER_MS = 1_000;

/** The key of a feed's device; one that is not registered yet becomes a live device at a site of its own. */
export function feedKeys(
  registry: Registry,
  siteName: string,
  clock: () => Instant,
): (deviceId: string) => Promise<string> {
  return async (deviceId) => {
    const now = clock();
    const view = await registry.view();
    const held = view.at('device', deviceId, now);
    if (held?.key && held.domain === LIVE) return held.key;
    if (held) {
      throw new OperatorFault(
        `device ${deviceId} is not a live device with a key`,
        `it is of ${held.domain}`,
        'give the feed another name with --device',
      );
    }
    const key = randomBytes(32).toString('base64');
    const validFrom = hourOf(now);
    await registry.change([
      { kind: 'site', id: deviceId, validFrom, body: { siteId: deviceId, name: siteName } },
      { kind: 'device', id: deviceId, validFrom, body: { deviceId, domain: LIVE, role: 'sensor', key } },
      { kind: 'installation', id: deviceId, validFrom, body: { deviceId, siteId: deviceId } },
    ]);
    await sleep(DOOR_KNOWS_AFTER_MS);
    return key;
  };
}
