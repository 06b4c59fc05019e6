import { datex2 } from './datex2.ts';
import type { Feed } from './feed.ts';
import { gtfsRt } from './gtfs-rt/gtfs-rt.ts';
import { hfp } from './hfp/hfp.ts';
import { ngsi } from './ngsi.ts';
import { sensorThings } from './sensorthings.ts';
import { siri } from './siri/siri.ts';

/** Every feed there is. A new one is one file and one line. */
export const feeds: Readonly<Record<string, Feed>> = {
  hfp,
  'gtfs-rt': gtfsRt,
  siri,
  datex2,
  ngsi,
  sensorthings: sensorThings,
};
