import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeRedFlow } from './node-red-flow.ts';
import { runLoad } from './run-load.ts';

/** Kept between runs; outside the repository. */
const peers = join(tmpdir(), 'headway-bench-peers');
const nodeRed = join(peers, 'node_modules', 'node-red', 'red.js');

/** Installs Node-RED 5 from npm and mosquitto from the system's packages; says what could not be had. */
export function installPeer(): string | undefined {
  if (!existsSync(nodeRed)) {
    mkdirSync(peers, { recursive: true });
    writeFileSync(join(peers, 'package.json'), '{"private":true}');
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    const { status } = spawnSync('npm', ['install', ...flags, 'node-red@5'], { cwd: peers, stdio: 'ignore' });
    if (status !== 0) return 'Node-RED 5 could not be installed from npm';
  }
  if (!hasMosquitto() && process.getuid?.() === 0) {
    spawnSync('apt-get', ['install', '-y', 'mosquitto'], { stdio: 'ignore' });
  }
  return hasMosquitto() ? undefined : 'mosquitto is not here: apt-get install mosquitto';
}

const hasMosquitto = (): boolean => spawnSync('mosquitto', ['-h']).error === undefined;

export interface PeerFigures {
  readingsPerS: number;
  versions: string;
}

/**
 * The greatest rate at which Node-RED takes readings: under a load without a bound, and at paces around what it did
 * then, for it shares its cores with broker and load, as Headway does with its load.
 */
export async function measureNodeRed(connections: number, seconds: number): Promise<PeerFigures> {
  const peer = await startPeer();
  try {
    let best = await peer.measure({ connections, seconds, window: 40 });
    for (const pace of [1.15, 1.4, 1.7]) {
      const ratePerS = Math.round(best * pace);
      const reached = await peer.measure({ connections, seconds, ratePerS });
      const isBetter = reached > best;
      best = Math.max(best, reached);
      if (!isBetter) break;
    }
    return { readingsPerS: best, versions: peer.versions };
  } finally {
    await peer.stop();
  }
}

interface Counts {
  at: number;
  readings: number;
  windows: number;
}

async function startPeer() {
  const directory = mkdtempSync(join(tmpdir(), 'headway-bench-node-red-'));
  const brokerPort = await freePort();
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const broker = spawn('mosquitto', ['-c', file('mosquitto.conf', mosquittoConfig(brokerPort))], {
    stdio: 'ignore',
  });
  file('flows.json', JSON.stringify(nodeRedFlow(brokerPort)));
  const settings = file('settings.js', nodeRedSettings(directory, await freePort()));
  const red = spawn(process.execPath, [nodeRed, '--settings', settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counts: Counts = { at: 0, readings: 0, windows: 0 };
  const connected = Promise.withResolvers<void>();
  createInterface({ input: red.stdout }).on('line', (line) => {
    if (line.startsWith('{"at"')) counts = JSON.parse(line) as Counts;
    else if (line.includes('Connected to broker')) connected.resolve();
  });
  const timeout = setTimeout(
    () => connected.reject(new Error('Node-RED did not connect within 30 s')),
    30_000,
  );
  await connected.promise.finally(() => clearTimeout(timeout));
  await sleep(1_000);

  return {
    versions: `Node-RED ${version(process.execPath, [nodeRed, '--version'])}, mosquitto ${version('mosquitto', ['-h'])}`,
    measure: async (load: { connections: number; seconds: number; window?: number; ratePerS?: number }) => {
      const before = counts;
      const warmUpS = 1.5;
      const loaded = runLoad({ port: brokerPort, warmUpS, ...load });
      await sleep((warmUpS + 1) * 1_000);
      const from = counts;
      await sleep((load.seconds - 1) * 1_000);
      const to = counts;
      const { sent } = await loaded;
      for (
        let still = 0, last = -1;
        still < 8 && counts.readings - before.readings < sent;
        await sleep(250)
      ) {
        still = counts.readings === last ? still + 1 : 0;
        last = counts.readings;
      }
      if (to.readings === from.readings) throw new Error('Node-RED counted nothing');
      return ((to.readings - from.readings) / (to.at - from.at)) * 1_000;
    },
    stop: async () => {
      await Promise.all([end(red), end(broker)]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** As generous as it can be: nothing is dropped, stored, or asked for a password. */
function mosquittoConfig(port: number): string {
  return [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_queued_messages 0',
    'max_inflight_messages 1000',
    'set_tcp_nodelay true',
    'log_type error',
    'user root',
    '',
  ].join('\n');
}

function nodeRedSettings(directory: string, uiPort: number): string {
  return `
const counts = { readings: 0, windows: 0 };
setInterval(() => console.log(JSON.stringify({ at: Date.now(), ...counts })), 200);
module.exports = {
  userDir: ${JSON.stringify(directory)},
  flowFile: 'flows.json',
  uiHost: '127.0.0.1',
  uiPort: ${uiPort},
  httpAdminRoot: false,
  httpNodeRoot: false,
  telemetry: { enabled: false, updateNotification: false },
  functionGlobalContext: { counts },
  logging: { console: { level: 'info', metrics: false, audit: false } },
};
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function version(command: string, args: string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'of an unknown version';
}

if (import.meta.main) console.log(installPeer() ?? (await measureNodeRed(50, 4)));
