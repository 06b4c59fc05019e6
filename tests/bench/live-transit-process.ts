// `headway up` in a process of its own, without its page: node live-transit-process.ts DIRECTORY
import { openDataDirectory } from '#apps/data-directory.ts';
import { roleHealth } from '#apps/role-health.ts';
import type { Role } from '#apps/roles.ts';
import { up } from '#apps/up.ts';
import { testConfig } from '../system/cli/test-city.ts';

const data = openDataDirectory(process.argv[2]!);
const config = testConfig();
const ending = new AbortController();
const roles = new Set<Role>(['gateway', 'processor', 'exporter']);
const say = (line: string) => console.error(line);
const running = await up(config, data, roles, ending.signal, say, roleHealth(roles));
process.on('message', async (question) => {
  if (question === 'stop') {
    ending.abort();
    await running.done;
    data.close();
    process.send!('stopped', () => process.exit(0));
    return;
  }
  const { user, system } = process.cpuUsage();
  process.send!({ cpuS: (user + system) / 1e6, rssMb: process.memoryUsage().rss / 1e6 });
});
process.send!({ port: running.parts.gateway!.port });
