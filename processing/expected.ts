import type { Installation } from '#domain/registry/entries.ts';
import type { Held, RegistryView } from '#domain/registry/registry.ts';
import type { ExpectedS } from './collect.ts';

/** What installations promise: a reading every `periodS` for each of their lanes and directions. */
export function expectedFrom(view: RegistryView): ExpectedS {
  const installations = Map.groupBy(view.history('installation'), (held) => held.id);
  return (deviceId, siteId, at, slot) => {
    const installation = installations.get(deviceId)?.findLast((held) => isHeld(held, at))?.body;
    if (installation?.siteId !== siteId || installation.periodS === undefined) return null;
    const lanePromised = installation.lanes?.length
      ? installation.lanes.includes(slot.lane)
      : slot.lane === 0;
    const directionPromised = installation.directions?.length
      ? installation.directions.includes(slot.direction)
      : slot.direction === '';
    return lanePromised && directionPromised ? slot.windowS : null;
  };
}

function isHeld({ validFrom, validTo }: Held<Installation>, at: number): boolean {
  return at >= validFrom && at < validTo;
}
