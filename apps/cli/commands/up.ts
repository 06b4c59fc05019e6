import { type Command, Option } from 'commander';
import { awaitCity } from '../../await-city.ts';
import { type Config, OperatorFault } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import { openHealthDoor } from '../../health-door.ts';
import { describeLedgerSum, ledgerSum } from '../../ledger-sum.ts';
import { livesOnAzure } from '../../lives-on-azure.ts';
import { type RoleHealth, roleHealth } from '../../role-health.ts';
import { everyRole, type Role, roles } from '../../roles.ts';
import { withContext } from '../context.ts';
import { interrupted } from '../interrupted.ts';
import { say } from '../print.ts';

export function upCommand(program: Command): void {
  program
    .command('up')
    .summary('run the pipeline: door, log, processing, lake and page')
    .description(
      'Runs the pipeline until Ctrl-C: MQTT on 1883 and with TLS on 8883, the page on http://127.0.0.1:8080. Ports and\nbounds: `headway config check`. Embedded, all of it is one process on the data directory; on Azure (a configuration\nwith eventHubs, cosmos and blob) each role can be processes of its own.',
    )
    .addOption(
      new Option('--role <role...>', 'only these parts of it, on Azure')
        .choices(roles)
        .default([...roles], 'all'),
    )
    .option('--once', 'process what is in the log, bring the lake up to date, and end')
    .addHelpText(
      'after',
      '\nExamples:\n  headway up\n  headway up --config configs/azure-local.json --once\n  headway up --config city.json --role processor',
    )
    .action(async (flags: { role: Role[]; once?: boolean }, command: Command) => {
      await withContext(
        command,
        async ({ config, data }) => {
          const all = flags.role.length === roles.length;
          const wanted = all ? everyRole(config) : new Set(flags.role);
          if (!all && !livesOnAzure(config)) {
            throw new OperatorFault(
              'an embedded city is one process',
              `asked for ${flags.role.join(', ')} alone`,
              'leave --role out, or configure eventHubs, cosmos and blob',
            );
          }
          const { name, timezone } = config.city;
          if (name && timezone) await data.setCity({ name, timezone });
          if (flags.once) return once(config, data);
          const health = roleHealth(wanted);
          const { host, port } = config.health;
          const door = port === undefined ? undefined : await openHealthDoor(host, port, health);
          if (door) say(`health: ${door.url}/healthz, ${door.url}/readyz`);
          try {
            await run(config, data, wanted, health);
          } finally {
            await door?.close();
          }
        },
        { founds: true },
      );
    });
}

async function run(
  config: Config,
  data: DataDirectory,
  wanted: ReadonlySet<Role>,
  health: RoleHealth,
): Promise<void> {
  const signal = interrupted();
  if (data.findCity) {
    health.waiting('no city is named yet');
    await awaitCity(data, signal, say);
  }
  if (signal.aborted) return;
  if (!data.city()) throw noCity(data);
  health.waiting('starting');
  const { up } = await import('../../up.ts');
  const { parts, apiUrl, done } = await up(config, data, wanted, signal, say, health);
  const { host } = config.gateway;
  const { gateway } = parts;
  if (gateway) say(`devices: mqtt://${host}:${gateway.port}, mqtts://${host}:${gateway.tlsPort}`);
  if (apiUrl) say(`page: ${apiUrl}`);
  say(`running ${[...wanted].join(', ')} (Ctrl-C ends)`);
  await done;
}

/** What a recording or devices sent before is processed to its end; nobody new is let in. */
async function once(config: Config, data: DataDirectory): Promise<void> {
  if (!data.city()) {
    say('no city yet: nothing was ever sent, imported or registered; `headway replay --help` says how');
    return;
  }
  const { startParts } = await import('../../pipeline.ts');
  const { refreshLake } = await import('../../lake-session.ts');
  const parts = await startParts(config, data, { gateway: false, processor: true });
  try {
    await parts.processed();
  } finally {
    await parts.stop();
  }
  const exported = await refreshLake(data);
  say(`exported ${exported.records.toLocaleString('en-GB')} records to ${data.lakePath}`);
  say(`ledger: ${describeLedgerSum(await ledgerSum(data))}`);
}

function noCity(data: DataDirectory): OperatorFault {
  return new OperatorFault(
    `${data.path} holds no city yet`,
    'its days and hours need a name and a time zone',
    'set city.name and city.timezone in headway.json, or HEADWAY_CITY_NAME and HEADWAY_CITY_TIMEZONE',
  );
}
