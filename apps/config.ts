import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

const port = z.int().min(0).max(65_535);

const timezone = z.string().refine((zone) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}, 'is no IANA time zone, such as Europe/London');

/** A connection string wins; an endpoint alone is reached by Managed Identity or the CLI's login. */
const service = {
  connectionString: z.string().min(1).optional(),
  endpoint: z.string().min(1).optional(),
};

const schema = z.strictObject({
  city: z.strictObject({ name: z.string().min(1).optional(), timezone: timezone.optional() }).prefault({}),
  gateway: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      mqttPort: port.default(1883),
      mqttsPort: port.default(8883),
      /** Host name of the IoT Hub that devices believe they speak to. */
      hubName: z.string().min(1).default('headway.azure-devices.net'),
      /** PEM files of what devices see over TLS, with its chain; without them, a certificate for development. */
      certificateFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
    })
    .prefault({}),
  /** An Azure IoT Hub that follows the registry, and whose devices are spoken to. */
  iotHub: z.strictObject(service).prefault({}),
  /** With these three the city lives on Azure: the log is a hub, the store a database, checkpoints and lake are blobs. */
  eventHubs: z
    .strictObject({
      ...service,
      hub: z.string().min(1).default('headway'),
      consumerGroup: z.string().min(1).default('$Default'),
    })
    .prefault({}),
  cosmos: z
    .strictObject({
      ...service,
      database: z.string().min(1).default('headway'),
      /** Windows leave the store this long after they were last written; the lake keeps them. */
      hotPeriodDays: z.number().min(1).optional(),
      /** PEM file of who signed a local endpoint's certificate. */
      caFile: z.string().min(1).optional(),
    })
    .prefault({}),
  blob: z.strictObject(service).prefault({}),
  /** How processors share the partitions of a hub. */
  balance: z
    .strictObject({ intervalS: z.number().min(0.1).default(10), expiryS: z.number().min(0.5).default(60) })
    .prefault({}),
  /** A broker of the city's own, whose messages the role bridge brings into the log. */
  bridge: z
    .strictObject({
      url: z
        .url({ protocol: /^(mqtt|ws)s?$/, error: 'is no mqtt://, mqtts://, ws:// or wss:// URL' })
        .optional(),
      username: z.string().min(1).optional(),
      password: z.string().min(1).optional(),
      /** To subscribe to; absent: what `deviceOf` says. */
      topics: z
        .preprocess(
          (given) => (typeof given === 'string' ? given.split(',') : given),
          z.array(z.string().min(1)).min(1),
        )
        .optional(),
      /** Processes with one name share the messages, where the broker has shared subscriptions. */
      share: z
        .string()
        .regex(/^[^/+#]+$/, 'is a name without / + #')
        .optional(),
      /** By this the broker knows us again; each process has its own. */
      clientId: z.string().min(1).default('headway-bridge'),
      deviceOf: z.string().min(1).default('headway/v1/{device}/telemetry'),
    })
    .prefault({}),
  log: z
    .strictObject({
      partitions: z.int().min(1).max(64).default(4),
      retentionDays: z.number().min(0).default(30),
    })
    .prefault({}),
  processing: z
    .strictObject({
      graceS: z.number().min(0).default(60),
      idleS: z.number().min(1).default(600),
      /** A reading observed more than this after it was received is quarantined. */
      aheadS: z.number().min(0).default(60),
      /** And one observed more than this before. */
      behindDays: z.number().min(0).default(7),
      commitEveryMs: z.int().min(10).default(1_000),
    })
    .prefault({}),
  lake: z.strictObject({ exportEveryS: z.number().min(5).default(300) }).prefault({}),
  api: z.strictObject({ host: z.string().default('127.0.0.1'), port: port.default(8080) }).prefault({}),
  /** Where whoever runs the process asks whether it is alive and ready: any role, with a page or without. */
  health: z.strictObject({ host: z.string().default('127.0.0.1'), port: port.optional() }).prefault({}),
  /** How often each role writes a line of figures to stdout; without it, never. */
  figures: z.strictObject({ everyS: z.number().min(1).optional() }).prefault({}),
});

export type Config = z.infer<typeof schema>;

/** An operator's mistake: the fact, the detail, the hint. */
export class OperatorFault extends Error {
  override name = 'OperatorFault';
  readonly detail: string;
  readonly hint: string;
  readonly exitCode: 1 | 2 | 3;
  constructor(fact: string, detail: string, hint: string, exitCode: 1 | 2 | 3 = 2) {
    super(fact);
    this.detail = detail;
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/**
 * Reads `path` (or headway.json where it exists), then HEADWAY_SECTION_FIELD overrides, such as
 * HEADWAY_GATEWAY_MQTT_PORT. @throws OperatorFault naming every field that is wrong.
 */
export function readConfig(path: string | undefined, env: NodeJS.ProcessEnv): Config {
  const file = path ?? (existsSync('headway.json') ? 'headway.json' : undefined);
  const raw = file ? readJson(file) : {};
  const overridden = override(raw, env);
  const parsed = schema.safeParse(overridden);
  if (parsed.success) {
    mustKeepWindows(
      parsed.data.cosmos.hotPeriodDays,
      parsed.data.processing.behindDays,
      'cosmos.hotPeriodDays',
    );
    return parsed.data;
  }
  const problems = parsed.error.issues.map((i) => `${i.path.join('.') || 'config'}: ${i.message}`);
  throw new OperatorFault(
    `the configuration ${file ? `in ${file} ` : ''}is not usable`,
    problems.join('; '),
    'see docs/operators.md for every field; `headway config check` shows what is in force',
  );
}

/**
 * A late reading must find its window, and a dead letter readmitted later still its own: docs/decisions.md.
 * @throws OperatorFault where windows leave the store too soon for that.
 */
export function mustKeepWindows(hotPeriodDays: number | undefined, behindDays: number, where: string): void {
  if (hotPeriodDays === undefined || hotPeriodDays >= 2 * behindDays) return;
  throw new OperatorFault(
    'windows would leave the store while readings for them are still accepted',
    `${where} is ${hotPeriodDays} days, and must be at least ${2 * behindDays}: twice processing.behindDays, ${behindDays}`,
    'raise it (a container’s own is its time to live), leave it out, or accept less with processing.behindDays',
  );
}

function readJson(path: string): Record<string, Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperatorFault(
      `could not read the configuration ${path}`,
      error instanceof Error ? error.message : String(error),
      'check the path and its permissions',
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as never;
  } catch (error) {
    throw new OperatorFault(
      `the configuration ${path} is not JSON`,
      error instanceof Error ? error.message : String(error),
      'comments and trailing commas are not JSON',
    );
  }
  throw new OperatorFault(
    `the configuration ${path} is not a JSON object`,
    text.slice(0, 60),
    'it starts with {',
  );
}

function override(raw: Record<string, Record<string, unknown>>, env: NodeJS.ProcessEnv): unknown {
  const result: Record<string, Record<string, unknown>> = structuredClone(raw);
  for (const [section, inner] of Object.entries(schema.shape)) {
    const shape = (inner.def.innerType as z.ZodObject).shape;
    for (const field of Object.keys(shape)) {
      const variable = `HEADWAY_${section}_${field}`
        .replace(/[a-z][A-Z]/g, ([a, b]) => `${a}_${b}`)
        .toUpperCase();
      const value = env[variable];
      if (value === undefined) continue;
      const number = Number(value);
      result[section] = {
        ...result[section],
        [field]: value !== '' && Number.isFinite(number) ? number : value,
      };
    }
  }
  return result;
}
