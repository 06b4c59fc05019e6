import type { Command } from 'commander';
import { OperatorFault } from '../../config.ts';
import { hubFault } from '../../hub-fault.ts';
import { cityOf, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';

export function syncHubCommand(device: Command): void {
  device
    .command('sync-hub')
    .summary('make an Azure IoT Hub follow the registry')
    .description(
      "Makes the IoT Hub that the configuration names (iotHub) follow Headway's registry: live sensors are created or updated there with their key or thumbprints, retired ones are disabled. Devices that the registry never had are named and left alone. Done twice, the second time changes nothing.",
    )
    .option('--dry-run', 'only tell')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: { dryRun?: boolean; format: Format }, command: Command) => {
      await withContext(command, async ({ config, data }) => {
        cityOf(data);
        const { connectionString, endpoint } = config.iotHub;
        if (connectionString === undefined && endpoint === undefined) {
          throw new OperatorFault(
            'no IoT Hub is configured',
            'neither iotHub.connectionString nor iotHub.endpoint',
            'set HEADWAY_IOT_HUB_CONNECTION_STRING, or HEADWAY_IOT_HUB_ENDPOINT for a managed identity',
          );
        }
        const [{ hubRegistry }, { provisionIotHub }] = await Promise.all([
          import('#infra/iot-hub/hub-registry.ts'),
          import('#infra/iot-hub/provision-iot-hub.ts'),
        ]);
        const dryRun = flags.dryRun ?? false;
        const view = await data.registry.view();
        const provision = async () =>
          provisionIotHub(hubRegistry(config.iotHub), view, Date.now(), { dryRun });
        const done = await provision().catch((error: unknown) => {
          throw hubFault(error, 'bring the IoT Hub up to date');
        });
        const rows = done.changes.map(({ deviceId, change, detail }) => ({
          device_id: deviceId,
          change,
          detail,
        }));
        printRows(rows, flags.format, ['device_id', 'change', 'detail']);
        say(`${done.unchanged} unchanged${dryRun ? '; nothing was changed' : ''}`);
        if (rows.some(({ change }) => change === 'failed')) process.exitCode = 1;
      });
    });
}
