import { type Command, InvalidArgumentError } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import type { DeviceOffice, MethodAnswer } from '#domain/devices/device-hub.ts';
import { deviceMessageLimits } from '#domain/devices/device-message.ts';
import { isFault, type JsonObject, type Twin, type TwinMetadata } from '#domain/devices/twin.ts';
import { LIVE } from '#domain/log.ts';
import { type Config, OperatorFault } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import { hubFault } from '../../hub-fault.ts';
import { knownDevice } from '../../register-device.ts';
import { runningDevices } from '../../running-devices.ts';
import { cityOf, parseFormat, withContext } from '../context.ts';
import { parseSpanS } from '../parse-span.ts';
import { type Format, printRows, type Row, say } from '../print.ts';

const where =
  'Asks the pipeline that runs on the data directory, or the IoT Hub that the configuration names (iotHub).';

export function twinCommand(device: Command): void {
  device
    .command('twin')
    .summary('what a device should be, and what it says it is')
    .description(
      `Shows a device's twin: desired properties, which the city sets, and reported ones, which the device does. ${where}`,
    )
    .argument('<id>', 'device id')
    .option('--set <json>', 'change desired properties: a JSON object, null removes', parseObject)
    .option('--tag <json>', 'change tags, which the device does not see', parseObject)
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText('after', '\nExample:\n  headway device twin loop-12 --set \'{"intervalS": 30}\'')
    .action(
      async (id: string, flags: { set?: JsonObject; tag?: JsonObject; format: Format }, command: Command) => {
        await withOffice(command, id, async (office, data) => {
          const { set, tag } = flags;
          const change = { ...(set ? { desired: set } : {}), ...(tag ? { tags: tag } : {}) };
          const twin =
            set || tag ? await office.changeTwin(id, { type: 'patch', ...change }) : await office.twin(id);
          if (isFault(twin)) {
            throw new OperatorFault(
              `the twin of ${id} can not be changed so`,
              twin.detail,
              'see docs/operators.md for what a twin may hold',
              1,
            );
          }
          printRows(twinRows(twin, cityOf(data).timezone), flags.format, [
            'part',
            'property',
            'value',
            'changed',
          ]);
        });
      },
    );
}

export function callCommand(device: Command): void {
  device
    .command('call')
    .summary('call a direct method of a connected device')
    .description(
      `Calls a method of a connected device and prints what it answers. Exit code 1 when its status is 400 or more. ${where}`,
    )
    .argument('<id>', 'device id')
    .argument('<method>', 'as the device knows it')
    .option('--payload <json>', 'JSON for the method', parseJson)
    .option('--timeout <span>', 'how long it has to answer, up to 2min', parseCallS, 30)
    .option('--wait <span>', 'how long to wait for a device that is away, up to 2min', parseCallS)
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText('after', '\nExample:\n  headway device call loop-12 reboot --payload \'{"inS": 5}\'')
    .action(async (id: string, method: string, flags: CallFlags, command: Command) => {
      await withOffice(command, id, async (office) => {
        const answer = await office.callMethod(id, {
          method,
          payload: flags.payload as JsonObject,
          responseTimeoutMs: flags.timeout * 1_000,
          connectTimeoutMs: (flags.wait ?? 0) * 1_000,
        });
        if (answer.type !== 'answered') throw unanswered(id, method, answer, flags);
        const { status, payload } = answer;
        printRows([{ device_id: id, method, status, payload: payload ?? null }], flags.format);
        if (status >= 400) process.exitCode = 1;
      });
    });
}

export function sendCommand(device: Command): void {
  device
    .command('send')
    .summary('send a message to a device, there or away')
    .description(
      `Queues a message for a device. It is delivered when the device listens, and again until it acknowledges; up to ${deviceMessageLimits.queued} wait for one device. ${where}`,
    )
    .argument('<id>', 'device id')
    .argument('<text>', 'the message')
    .option('--property <name=value>', 'a property of it; may be given again', addProperty, {})
    .option('--keep <span>', 'how long it may wait', parseSpanS, deviceMessageLimits.defaultTtlMs / 1_000)
    .action(
      async (
        id: string,
        text: string,
        flags: { property: Record<string, string>; keep: number },
        command: Command,
      ) => {
        await withOffice(command, id, async (office) => {
          const { property: properties, keep } = flags;
          const sent = await office.send(id, { body: Buffer.from(text), properties, ttlMs: keep * 1_000 });
          if (sent !== 'queued') throw notQueued(id, sent);
          say(`queued for ${id}`);
        });
      },
    );
}

async function withOffice(
  command: Command,
  deviceId: string,
  work: (office: DeviceOffice, data: DataDirectory) => Promise<void>,
): Promise<void> {
  await withContext(command, async ({ config, data }) => {
    cityOf(data);
    const device = knownDevice(await data.registry.view(), deviceId, Date.now());
    if (device.role !== 'sensor' || device.domain !== LIVE) {
      throw new OperatorFault(
        `${deviceId} is a ${device.role} of ${device.domain}`,
        'only sensors of the live city have twins, methods and messages',
        '`headway device list` shows every device',
        1,
      );
    }
    if (!hasIotHub(config)) return work(runningDevices(data), data);
    const { azureDeviceOffice } = await import('#infra/iot-hub/azure-device-office.ts');
    try {
      await work(azureDeviceOffice(config.iotHub), data);
    } catch (error) {
      throw hubFault(error, `ask the IoT Hub about ${deviceId}`);
    }
  });
}

function hasIotHub({ iotHub }: Config): boolean {
  return iotHub.connectionString !== undefined || iotHub.endpoint !== undefined;
}

function twinRows({ desired, reported, tags }: Twin, timezone: string): Row[] {
  const time = cityTime(timezone);
  const rows = (part: string, values: JsonObject, metadata: TwinMetadata | undefined): Row[] =>
    leaves(values, metadata).map(({ property, value, changed }) => ({
      part,
      property,
      value,
      changed: changed === undefined ? null : time.format(Date.parse(changed)),
    }));
  return [
    ...rows('desired', desired.values, desired.metadata),
    ...rows('reported', reported.values, reported.metadata),
    ...rows('tag', tags, undefined),
  ];
}

interface Leaf {
  property: string;
  value: unknown;
  changed: string | undefined;
}

function leaves(values: JsonObject, metadata: TwinMetadata | undefined, before = ''): Leaf[] {
  return Object.entries(values).flatMap(([name, value]): Leaf[] => {
    const inner = metadata?.[name];
    const known = typeof inner === 'object' ? inner : undefined;
    const property = `${before}${name}`;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value, known, `${property}.`)
      : [{ property, value, changed: known?.$lastUpdated }];
  });
}

interface CallFlags {
  payload?: unknown;
  timeout: number;
  wait?: number;
  format: Format;
}

function unanswered(
  id: string,
  method: string,
  answer: Exclude<MethodAnswer, { type: 'answered' }>,
  { timeout }: CallFlags,
): OperatorFault {
  const fact = `${id} did not answer ${method}`;
  switch (answer.type) {
    case 'offline':
      return new OperatorFault(
        `${id} is not connected`,
        'or it listens to no methods',
        '--wait 1min waits for it',
        1,
      );
    case 'timeout':
      return new OperatorFault(fact, `not within ${timeout} s`, '--timeout gives it longer', 1);
    case 'lost':
      return new OperatorFault(
        fact,
        'its connection ended first: it may have done it',
        'see `headway device twin` for what it reports, then try again',
        1,
      );
    case 'busy':
      return new OperatorFault(
        fact,
        'too many calls of it are under way',
        'try again when they have ended',
        1,
      );
    case 'bad-answer':
      return new OperatorFault(fact, answer.detail, 'its firmware should answer in JSON', 1);
    case 'bad-call':
      return new OperatorFault(
        `${method} can not be called`,
        answer.detail,
        'a name of letters and digits, a payload up to 128 KiB',
      );
  }
}

function notQueued(id: string, why: 'full' | 'too-large'): OperatorFault {
  return why === 'full'
    ? new OperatorFault(
        `the queue of ${id} is full`,
        `${deviceMessageLimits.queued} messages wait for it`,
        'they go when it listens, or when they run out',
        1,
      )
    : new OperatorFault(
        'the message is too large',
        'over 64 KiB',
        'send less, or a place to fetch it from',
        1,
      );
}

/** Somebody waits at the terminal, and both together stay below what an HTTP client waits for. */
function parseCallS(value: string): number {
  const seconds = parseSpanS(value);
  if (seconds <= 120) return seconds;
  throw new InvalidArgumentError('a span of 1 s to 2min');
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw new InvalidArgumentError('JSON, such as \'{"inS": 5}\'');
  }
}

function parseObject(value: string): JsonObject {
  const parsed = parseJson(value);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
  throw new InvalidArgumentError('a JSON object, such as \'{"intervalS": 30}\'');
}

function addProperty(value: string, before: Record<string, string>): Record<string, string> {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('NAME=VALUE');
  return { ...before, [value.slice(0, equals)]: value.slice(equals + 1) };
}
