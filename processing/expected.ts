import type { RegistryView } from '#domain/registry/registry.ts';
import type { ExpectedS } from './processor.ts';

/** What installations promise: a reading every `periodS` for each of their lanes and directions. */
export function expectedFrom(view: RegistryView): ExpectedS {
  return (deviceId, siteId, at, slot) => {
    const installation = view.at('installation', deviceId, at);
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
