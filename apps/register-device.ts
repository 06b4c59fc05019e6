import { randomBytes } from 'node:crypto';
import { hourOf, type Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import { nearestNames } from '#domain/nearest-names.ts';
import { type Device, device as deviceSchema, type Installation } from '#domain/registry/entries.ts';
import type { Held, NewRegistryChange, RegistryView } from '#domain/registry/registry.ts';
import { OperatorFault } from './config.ts';

export interface DevicePlace {
  deviceId: string;
  siteId: string;
  periodS: number | undefined;
  lanes: readonly number[] | undefined;
  directions: readonly string[] | undefined;
  /** Without it: from the hour under way, so that an interval that has begun still counts. */
  from: Instant | undefined;
}

/** What it shows to be let in: a key, or a certificate of one of these thumbprints. */
export type DeviceSecret = { key: string } | { thumbprints: string[] };

/** A new live sensor at a site, with a key made for it where none is given. @throws OperatorFault when it is registered already or the site is not known. */
export function registration(
  view: RegistryView,
  place: DevicePlace,
  secret: DeviceSecret | undefined,
  now: Instant,
): { device: Device; installation: Installation; validFrom: Instant; changes: NewRegistryChange[] } {
  const { deviceId } = place;
  checkDeviceId(deviceId);
  const held = view.at('device', deviceId, now) ?? laterState(view, deviceId, now);
  if (held) {
    const siteId = view.at('installation', deviceId, now)?.siteId;
    throw new OperatorFault(
      `device ${deviceId} is registered already`,
      `it is a ${held.role} of ${held.domain === LIVE ? 'the live city' : held.domain}${siteId ? ` at site ${siteId}` : ''}`,
      '`headway device install` moves it; `headway device retire` ends it',
      1,
    );
  }
  const device: Device = { deviceId, domain: LIVE, role: 'sensor', ...(secret ?? { key: randomKey() }) };
  const validFrom = place.from ?? beginning(view, deviceId, now);
  const installation = installationAt(view, place, validFrom);
  return {
    device,
    installation,
    validFrom,
    changes: [
      { kind: 'device', id: deviceId, validFrom, body: device },
      { kind: 'installation', id: deviceId, validFrom, body: installation },
    ],
  };
}

/** A known device at another site, or from another time on. What it should send stays, where nothing is said of it. */
export function relocation(
  view: RegistryView,
  place: DevicePlace,
  now: Instant,
): { validFrom: Instant; changes: NewRegistryChange[] } {
  const device = knownDevice(view, place.deviceId, now);
  const standing = view.at('installation', place.deviceId, now);
  const validFrom = place.from ?? (standing ? now : beginning(view, place.deviceId, now));
  const body = installationAt(view, place, validFrom, standing);
  const changes: NewRegistryChange[] = [{ kind: 'installation', id: place.deviceId, validFrom, body }];
  // A device that stands somewhere before it was registered was registered too late.
  if (view.at('device', place.deviceId, validFrom) === undefined)
    changes.unshift({ kind: 'device', id: place.deviceId, validFrom, body: device });
  return { validFrom, changes };
}

/** Another secret for a device: from `now` on the old one lets nobody in. A key is made for it where none is given. */
export function rekeying(
  view: RegistryView,
  deviceId: string,
  secret: DeviceSecret | undefined,
  now: Instant,
): { device: Device; changes: NewRegistryChange[] } {
  const { domain, role } = knownDevice(view, deviceId, now);
  const device: Device = { deviceId, domain, role, ...(secret ?? { key: randomKey() }) };
  return { device, changes: [{ kind: 'device', id: deviceId, validFrom: now, body: device }] };
}

/** The end of a device and of its installation. @throws OperatorFault when there is none. */
export function retirement(
  view: RegistryView,
  deviceId: string,
  from: Instant,
  now: Instant,
): NewRegistryChange[] {
  knownDevice(view, deviceId, now);
  const changes: NewRegistryChange[] = [{ kind: 'device', id: deviceId, validFrom: from, body: null }];
  if (view.known('installation', deviceId))
    changes.push({ kind: 'installation', id: deviceId, validFrom: from, body: null });
  return changes;
}

function installationAt(
  view: RegistryView,
  { deviceId, siteId, periodS, lanes, directions }: DevicePlace,
  validFrom: Instant,
  before?: Installation,
): Installation {
  const known = view.at('site', siteId, validFrom) ?? laterSite(view, siteId, validFrom);
  if (!known) throw unknownSite(view, siteId);
  const period = periodS ?? before?.periodS;
  return {
    deviceId,
    siteId,
    ...(period === undefined ? {} : { periodS: period }),
    ...withList('lanes', lanes ?? before?.lanes),
    ...withList('directions', directions ?? before?.directions),
  };
}

function withList<N extends string, T>(name: N, list: readonly T[] | undefined): { [K in N]?: T[] } {
  return (list && list.length > 0 ? { [name]: [...list] } : {}) as { [K in N]?: T[] };
}

/** The hour under way, but not before an earlier life of the device ended. */
function beginning(view: RegistryView, deviceId: string, now: Instant): Instant {
  const ends = [...view.history('device'), ...view.history('installation')]
    .filter((h) => h.id === deviceId && Number.isFinite(h.validTo))
    .map((h) => h.validTo);
  return Math.max(hourOf(now), ...ends);
}

/** @throws OperatorFault naming the nearest, where there is none, and a retired one. */
export function knownDevice(view: RegistryView, deviceId: string, now: Instant): Device {
  const held = view.at('device', deviceId, now) ?? laterState(view, deviceId, now);
  if (held) return held;
  const states = view.history('device').filter((h: Held<Device>) => h.validTo > now);
  const past = view.known('device', deviceId);
  const near = nearestNames(
    deviceId,
    states.map((h) => h.id),
  );
  throw new OperatorFault(
    past ? `device ${deviceId} is retired` : `there is no device ${deviceId}`,
    past ? 'it ended before now' : near.length > 0 ? `the nearest are ${near.join(', ')}` : 'none is like it',
    past ? '`headway device register` gives it a new life' : '`headway device list` shows every device',
    1,
  );
}

function laterState(view: RegistryView, deviceId: string, now: Instant): Device | undefined {
  return view.history('device').find((h) => h.id === deviceId && h.validFrom > now)?.body;
}

function laterSite(view: RegistryView, siteId: string, at: Instant) {
  return view.history('site').find((h) => h.id === siteId && h.validTo > at)?.body;
}

function unknownSite(view: RegistryView, siteId: string): OperatorFault {
  const sites = view.history('site');
  const named = new Map(sites.flatMap((h) => [[h.id, h.id] as const, [h.body.name ?? h.id, h.id] as const]));
  const ids = new Set(nearestNames(siteId, named.keys()).map((name) => named.get(name)!));
  const near = [...ids].map((id) => {
    const name = sites.findLast((h) => h.id === id)?.body.name;
    return name && name !== id ? `${id} (${name})` : id;
  });
  return new OperatorFault(
    `there is no site ${siteId}`,
    sites.length === 0
      ? 'no site is known yet'
      : near.length > 0
        ? `the nearest are ${near.join(', ')}`
        : `none of the ${new Set(sites.map((h) => h.id)).size} sites is like it`,
    sites.length === 0
      ? 'import the network first: `headway network import --help`'
      : '`headway network list --kind site` shows every site',
    1,
  );
}

function checkDeviceId(deviceId: string): void {
  const fits = deviceSchema.shape.deviceId.safeParse(deviceId);
  if (!fits.success) {
    throw new OperatorFault(
      `${deviceId} is no device id`,
      '1 to 128 letters, digits and - : . _ and a few more, as in IoT Hub; no spaces, no slashes',
      'choose another id',
    );
  }
  if (deviceId.includes('+')) {
    throw new OperatorFault(
      `${deviceId} can not be a device id here`,
      'its MQTT topic would hold a +, which stands for any name and may not be published to',
      'choose an id without +',
    );
  }
}

function randomKey(): string {
  return randomBytes(32).toString('base64');
}
