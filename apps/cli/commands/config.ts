import type { Command } from 'commander';
import { readConfig } from '../../config.ts';

export function configCommand(program: Command): void {
  const config = program
    .command('config')
    .summary('show and check the configuration')
    .description('What is configured, in headway.json and by HEADWAY_... variables.');
  config
    .command('check')
    .description(
      'Checks headway.json (or --config FILE) and HEADWAY_SECTION_FIELD overrides such as HEADWAY_GATEWAY_MQTT_PORT,\nand prints what is in force as JSON. Exit code 2 names every field that is wrong.',
    )
    .action((_options: unknown, command: Command) => {
      const { config: path } = command.optsWithGlobals<{ config?: string }>();
      process.stdout.write(`${JSON.stringify(readConfig(path, process.env), withoutKeys, 2)}\n`);
    });
}

/** What is printed is pasted into tickets: the keys in connection strings stay out of it. */
function withoutKeys(_field: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/((?:AccessKey|AccountKey)=)[^;]+/g, '$1***') : value;
}
