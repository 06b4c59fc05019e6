import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../../config.ts';
import { type Credential, credentialOf, type Doors } from '../../credential.ts';
import type { DataDirectory } from '../../data-directory.ts';
import { type DeviceSecret, rekeying } from '../../register-device.ts';
import { cityOf, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';

export function rekeyCommand(device: Command): void {
  withSecretOptions(device.command('rekey'))
    .summary('give a device another key, or another certificate')
    .description(
      'Gives a device another key or certificate and prints its credential, once. The old one lets nobody in any more; a running pipeline closes its connection within a second.',
    )
    .argument('<id>', 'device id')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (id: string, flags: SecretFlags, command: Command) => {
      await withContext(command, async ({ config, data }) => {
        cityOf(data);
        const view = await data.registry.view();
        const made = rekeying(view, id, secretOf(flags), Date.now());
        await data.registry.change(made.changes);
        const due = view.at('installation', id, Date.now()) ?? {};
        printCredential(credentialOf(made.device, doorsOf(config, data), due), flags.format);
      });
    });
}

export interface SecretFlags {
  key?: string;
  thumbprint?: string[];
  format: Format;
}

export function secretOf({ key, thumbprint }: SecretFlags): DeviceSecret | undefined {
  if (thumbprint) return { thumbprints: thumbprint };
  return key === undefined ? undefined : { key };
}

export function withSecretOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--key <base64>', 'its key, where it has one already (default: 32 random bytes)')
        .argParser(parseKey)
        .conflicts('thumbprint'),
    )
    .option(
      '--thumbprint <list>',
      'SHA-1 or SHA-256 thumbprint of the certificate it shows instead of a key; two while one follows the other',
      parseThumbprints,
    );
}

export function printCredential(credential: Credential, format: Format): void {
  if (format !== 'table') {
    printRows([{ ...credential }], format);
    return;
  }
  process.stdout.write(credentialText(credential));
  if (credential.key !== '') say('keep the key now: it is not shown again');
}

function credentialText(c: Credential): string {
  const tls = c.mqttsPort === undefined ? '' : `, with TLS ${c.mqttsPort}`;
  return [
    ...(c.key === '' ? c.thumbprints.map((t) => `thumbprint         ${t}`) : [`key                ${c.key}`]),
    `MQTT 3.1.1         ${c.mqttHost}, port ${c.mqttPort}${tls}`,
    `client id          ${c.clientId}`,
    `username           ${c.username}`,
    c.key === '' ? 'password           none: the certificate, with TLS' : 'password           the key',
    `topic              ${c.topic}`,
    `connection string  ${c.connectionString}`,
    '',
    'A first reading:',
    c.example,
    '',
  ].join('\n');
}

/** Where devices reach this city: the doors that are open now, else those of the configuration. */
export function doorsOf(config: Config, data: DataDirectory): Doors {
  const { host, mqttPort, mqttsPort, hubName } = config.gateway;
  const doors = data.running() ?? { host, mqttPort, mqttsPort };
  const isEverywhere = doors.host === '0.0.0.0' || doors.host === '::';
  return {
    host: isEverywhere ? hostname() : doors.host,
    mqttPort: doors.mqttPort,
    mqttsPort: doors.mqttsPort,
    hubName,
  };
}

/** As openssl prints them, with colons, or as IoT Hub has them. */
function parseThumbprints(value: string): string[] {
  const thumbprints = value.split(',').map((text) => text.trim().replaceAll(':', '').toUpperCase());
  if (thumbprints.length <= 2 && thumbprints.every((t) => /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/.test(t)))
    return thumbprints;
  throw new InvalidArgumentError('one or two thumbprints of 40 (SHA-1) or 64 (SHA-256) hexadecimal digits');
}

function parseKey(value: string): string {
  if (
    /^[A-Za-z0-9+/]+={0,2}$/.test(value) &&
    value.length % 4 === 0 &&
    Buffer.from(value, 'base64').length >= 16
  )
    return value;
  throw new InvalidArgumentError('base64 of 16 bytes or more');
}
