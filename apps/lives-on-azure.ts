import { type Config, OperatorFault } from './config.ts';

/** Whether the city lives on Azure. @throws OperatorFault where it does so by half. */
export function livesOnAzure(config: Config): boolean {
  const { eventHubs, cosmos, blob } = config;
  const named = Object.entries({ eventHubs, cosmos, blob }).map(
    ([name, { connectionString, endpoint }]) => [name, Boolean(connectionString ?? endpoint)] as const,
  );
  const missing = named.filter(([, there]) => !there).map(([name]) => name);
  if (missing.length === named.length) return false;
  if (missing.length === 0) return true;
  throw new OperatorFault(
    'the configuration is on Azure by half',
    `${missing.join(' and ')} has neither connectionString nor endpoint`,
    'a city on Azure needs eventHubs, cosmos and blob; without all three it is kept in the data directory',
  );
}
