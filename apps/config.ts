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

const schema = z.strictObject({
  city: z.strictObject({ name: z.string().min(1).optional(), timezone: timezone.optional() }).prefault({}),
  gateway: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      mqttPort: port.default(1883),
      mqttsPort: port.default(8883),
      /** Host name of the IoT Hub that devices believe they speak to. */
      hubName: z.string().min(1).default('headway.azure-devices.net'),
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
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `${i.path.join('.') || 'config'}: ${i.message}`);
  throw new OperatorFault(
    `the configuration ${file ? `in ${file} ` : ''}is not usable`,
    problems.join('; '),
    'see docs/operators.md for every field; `headway config check` shows what is in force',
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
      const variable = `HEADWAY_${section}_${field.replace(/[A-Z]/g, (c) => `_${c}`)}`.toUpperCase();
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
