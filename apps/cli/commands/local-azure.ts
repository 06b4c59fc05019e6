import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { OperatorFault, readConfig } from '../../config.ts';
import { dataPath, parseFormat, parseWhole } from '../context.ts';
import { interrupted } from '../interrupted.ts';
import { type Format, say } from '../print.ts';

const checkout = join(import.meta.dirname, '../../..');

export function localAzureCommand(program: Command): void {
  program
    .command('local-azure')
    .summary('run local endpoints of Event Hubs, Cosmos DB, Blob Storage and IoT Hub')
    .description(
      'Starts endpoints on 127.0.0.1 that speak the protocols of Event Hubs (AMQP 1.0), Cosmos DB (HTTPS), Blob Storage\n(azurite) and IoT Hub (MQTT and HTTPS), for the real Azure SDKs, until Ctrl-C. They are local stand-ins for development and tests, not Azure: what\nthey can not do they refuse by name. What they keep is in DATA/local-azure. Installs what they need when it is missing.',
    )
    .option('--event-hubs-port <port>', 'AMQP', parseWhole, 5673)
    .option('--cosmos-port <port>', 'HTTPS', parseWhole, 8081)
    .option('--blob-port <port>', 'HTTP', parseWhole, 10000)
    .option('--iot-hub-port <port>', "the service's HTTPS", parseWhole, 8443)
    .option('--iot-hub-mqtts-port <port>', 'devices, MQTT with TLS', parseWhole, 8884)
    .option('--format <format>', 'of the connection strings: table or json', parseFormat, 'table')
    .addHelpText(
      'after',
      '\nExample, in two terminals:\n  headway local-azure\n  headway replay metr-la ../shared/data/road/metr-la-week --config configs/azure-local.json',
    )
    .action(async (flags: LocalAzureFlags, command: Command) => {
      install();
      const { config: configPath } = command.optsWithGlobals<{ config?: string }>();
      const config = readConfig(configPath, process.env);
      const { startLocalAzure } = await import('../../local-azure.ts');
      const azure = await startLocalAzure({
        directory: join(dataPath(command), 'local-azure'),
        ports: {
          eventHubs: flags.eventHubsPort,
          cosmos: flags.cosmosPort,
          blob: flags.blobPort,
          iotHub: flags.iotHubPort,
          iotHubMqtts: flags.iotHubMqttsPort,
        },
        hub: config.eventHubs.hub,
        partitions: config.log.partitions,
      }).catch((error: Error) => {
        throw new OperatorFault(
          'could not start the local endpoints',
          error.message,
          'is something else on these ports? `headway local-azure --help` names them',
          3,
        );
      });
      const settings = {
        HEADWAY_EVENT_HUBS_CONNECTION_STRING: azure.eventHubs.connectionString,
        HEADWAY_COSMOS_CONNECTION_STRING: azure.cosmos.connectionString,
        HEADWAY_COSMOS_CA_FILE: azure.caFile,
        HEADWAY_BLOB_CONNECTION_STRING: azure.blob.connectionString,
        HEADWAY_IOT_HUB_CONNECTION_STRING: azure.iotHub.connectionString,
      };
      if (flags.format === 'json') process.stdout.write(`${JSON.stringify(settings)}\n`);
      else for (const [name, value] of Object.entries(settings)) process.stdout.write(`${name}='${value}'\n`);
      say('local endpoints, not Azure, are up; configs/azure-local.json knows them (Ctrl-C ends)');
      const signal = interrupted();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await azure.close();
    });
}

interface LocalAzureFlags {
  eventHubsPort: number;
  cosmosPort: number;
  blobPort: number;
  iotHubPort: number;
  iotHubMqttsPort: number;
  format: Format;
}

/** The endpoints' packages are no part of what `npm start` installs. */
function install(): void {
  const { status } = spawnSync(process.execPath, [join(checkout, 'setup.mjs'), '--with', 'infra/local'], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status ?? 3);
}
