import type { Command } from 'commander';
import { OperatorFault } from '../../config.ts';
import { withContext } from '../context.ts';
import { interrupted } from '../interrupted.ts';
import { say } from '../print.ts';

export function upCommand(program: Command): void {
  program
    .command('up')
    .summary('run the pipeline: door, log, processing, lake and page')
    .description(
      'Runs the embedded pipeline on the data directory until Ctrl-C: MQTT on 1883 and with TLS on 8883, the page on\nhttp://127.0.0.1:8080. Ports and bounds: `headway config check`.',
    )
    .action(async (_flags: unknown, command: Command) => {
      await withContext(
        command,
        async ({ config, data }) => {
          const { name, timezone } = config.city;
          if (name && timezone) data.setCity({ name, timezone });
          if (!data.city()) {
            throw new OperatorFault(
              `${data.path} holds no city yet`,
              'its days and hours need a name and a time zone',
              'set city.name and city.timezone in headway.json, or HEADWAY_CITY_NAME and HEADWAY_CITY_TIMEZONE',
            );
          }
          const { up } = await import('../../up.ts');
          const running = await up(config, data, interrupted(), say);
          const { gateway } = running.pipeline;
          say(
            `devices: mqtt://${config.gateway.host}:${gateway.port}, mqtts://${config.gateway.host}:${gateway.tlsPort}`,
          );
          say(`page: ${running.apiUrl} (Ctrl-C ends)`);
          await running.done;
        },
        { founds: true },
      );
    });
}
