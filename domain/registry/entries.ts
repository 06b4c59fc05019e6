import * as z from 'zod';

const id = z.string().min(1).max(128);

/** A place where traffic is measured. `direction` and `road` are the signposts' own words. */
export const site = z.strictObject({
  siteId: id,
  name: z.string().max(200).optional(),
  /** Absent where nobody knows it: never 0, 0. */
  position: z
    .strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
    .optional(),
  road: z.string().max(200).optional(),
  direction: z.string().max(32).optional(),
  linkId: id.optional(),
  lanes: z.int().min(1).max(20).optional(),
  speedLimitKmh: z.number().min(5).max(200).optional(),
  /** Length of road the site speaks for, where it is known better than by its neighbours. */
  lengthKm: z.number().min(0).max(20).optional(),
});

/** A directed stretch of road. */
export const link = z.strictObject({
  linkId: id,
  name: z.string().max(200).optional(),
  road: z.string().max(200).optional(),
  direction: z.string().max(32).optional(),
  lengthKm: z.number().min(0),
  lanes: z.int().min(1).max(20).optional(),
  speedLimitKmh: z.number().min(5).max(200).optional(),
  /** [lon, lat] pairs in the direction of travel. */
  line: z.array(z.tuple([z.number(), z.number()])).optional(),
});

/** Sites in the order they are driven past, each with its distance from the first. */
export const corridor = z.strictObject({
  corridorId: id,
  name: z.string().max(200).optional(),
  road: z.string().max(200).optional(),
  sites: z.array(z.strictObject({ siteId: id, km: z.number().min(0) })).min(2),
});

export const zone = z.strictObject({
  zoneId: id,
  name: z.string().max(200).optional(),
  /** GeoJSON polygon rings, [lon, lat]. */
  rings: z.array(z.array(z.tuple([z.number(), z.number()])).min(4)).min(1),
  /** People who live there. */
  population: z.number().min(0).max(1e9).optional(),
  /** A score, or a rank, of which more is more deprived. */
  deprivation: z.number().optional(),
  /** Of them, those of a group, by its name; a person may be of several groups or of none. */
  people: z.record(id, z.number().min(0).max(1e9)).optional(),
});

/** Something that sends. */
export const device = z.strictObject({
  deviceId: z
    .string()
    .regex(
      /^[A-Za-z0-9\-:.+%_*?!(),=@$']{1,128}$/,
      'letters, digits and - : . _ and a few more, as in IoT Hub',
    ),
  /** Whose clock its readings follow: 'live', or 'recording:NAME'. A device is of one domain at a time. */
  domain: z.string().min(1).max(100),
  /** 'sensor' sends its own readings; 'recorder' sends those of the devices of its domain. */
  role: z.enum(['sensor', 'recorder']),
  /** Symmetric key, base64, as IoT Hub has it; absent where it shows a certificate. */
  key: z.string().min(1).optional(),
  /** Of the certificates it may show, SHA-1 or SHA-256 in upper-case hexadecimal: two while one follows the other. */
  thumbprints: z
    .array(z.string().regex(/^(?:[0-9A-F]{40}|[0-9A-F]{64})$/))
    .min(1)
    .max(2)
    .optional(),
});

/** A device standing at a site: what it should send from there. */
export const installation = z.strictObject({
  deviceId: id,
  siteId: id,
  /** Interval at which readings are due for each lane and direction; absent for events. */
  periodS: z.int().min(1).max(86_400).optional(),
  /** Lanes reported one by one; absent or empty where one reading covers all. */
  lanes: z.array(z.int().min(1).max(999)).optional(),
  /** Directions reported one by one, as sent. */
  directions: z.array(z.string().min(1).max(128)).optional(),
});

const date = z.iso.date();

/** Days that are not like others of their weekday, first to last, city calendar. */
export const calendar = z.strictObject({
  calendarId: id,
  type: z.enum(['holiday', 'school-holiday', 'event']),
  name: z.string().max(200).optional(),
  firstDate: date,
  lastDate: date,
});

/** Something that was in the way of traffic for a while: what happened, or works. */
export const incident = z.strictObject({
  incidentId: id,
  type: z.enum(['incident', 'roadworks']),
  name: z.string().max(200).optional(),
  road: z.string().max(200).optional(),
  direction: z.string().max(32).optional(),
  /** The sites at the place; the nearest where only a position is known. */
  siteIds: z.array(id).optional(),
  position: z
    .strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
    .optional(),
  /** Milliseconds since 1970, half-open. */
  from: z.int(),
  to: z.int(),
});

/** A line that traffic is counted across: a screenline is open, a cordon closes around an area. */
export const screenline = z.strictObject({
  screenlineId: id,
  name: z.string().max(200).optional(),
  type: z.enum(['screenline', 'cordon']),
  /** `direction` as sent, absent where the site has but one; `sense` is the side that direction leads to. */
  crossings: z
    .array(
      z.strictObject({ siteId: id, direction: z.string().max(128).optional(), sense: z.enum(['in', 'out']) }),
    )
    .min(1),
});

export type Site = z.infer<typeof site>;
export type Link = z.infer<typeof link>;
export type Corridor = z.infer<typeof corridor>;
export type Zone = z.infer<typeof zone>;
export type Device = z.infer<typeof device>;
export type Installation = z.infer<typeof installation>;
export type Calendar = z.infer<typeof calendar>;
export type Incident = z.infer<typeof incident>;
export type Screenline = z.infer<typeof screenline>;

/** What the registry can hold, by name: its schema and the field that names one. */
export const registryKinds = {
  site: { schema: site, id: (s: Site) => s.siteId },
  link: { schema: link, id: (l: Link) => l.linkId },
  corridor: { schema: corridor, id: (c: Corridor) => c.corridorId },
  zone: { schema: zone, id: (zn: Zone) => zn.zoneId },
  device: { schema: device, id: (d: Device) => d.deviceId },
  installation: { schema: installation, id: (i: Installation) => i.deviceId },
  calendar: { schema: calendar, id: (c: Calendar) => c.calendarId },
  incident: { schema: incident, id: (i: Incident) => i.incidentId },
  screenline: { schema: screenline, id: (s: Screenline) => s.screenlineId },
} as const;

export interface RegistryBodies {
  site: Site;
  link: Link;
  corridor: Corridor;
  zone: Zone;
  device: Device;
  installation: Installation;
  calendar: Calendar;
  incident: Incident;
  screenline: Screenline;
}

export type RegistryKind = keyof RegistryBodies;
