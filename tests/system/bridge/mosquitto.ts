import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';

const program = '/usr/sbin/mosquitto';

export interface Mosquitto {
  port: number;
  stop(): Promise<void>;
}

/** The real broker, which keeps what a known client has not acknowledged; skips the test where it is not installed. */
export async function startMosquitto(context: TestContext, directory: string): Promise<Mosquitto> {
  if (!existsSync(program)) context.skip(`needs ${program} (apt-get install mosquitto)`);
  const port = await freePort();
  const config = join(directory, 'mosquitto.conf');
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\n`,
  );
  const child = spawn(program, ['-c', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error('mosquitto does not listen');
    await sleep(25);
  }
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A cable to a port of this machine, which can be pulled. */
export interface Cable {
  port: number;
  /** What the client says is lost, its acknowledgements too, until `pull`; what is said to it still comes. */
  deafen(): void;
  /** Every connection dies, and new ones are refused until `mend`. */
  pull(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function cable(to: number): Promise<Cable> {
  const ends = new Set<Socket>();
  let pulled = false;
  let deaf = false;
  const server = createServer((from) => {
    if (pulled) return void from.destroy();
    const onward = connect(to, '127.0.0.1');
    for (const [a, b] of [
      [from, onward],
      [onward, from],
    ] as const) {
      ends.add(a);
      a.on('error', () => {}).on('close', () => {
        ends.delete(a);
        b.destroy();
      });
    }
    from.on('data', (bytes) => {
      if (!deaf) onward.write(bytes);
    });
    onward.pipe(from);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pull = (): void => {
    pulled = true;
    deaf = false;
    for (const end of ends) end.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    deafen: () => {
      deaf = true;
    },
    pull,
    mend: () => {
      pulled = false;
    },
    close: async () => {
      pull();
      server.close();
      await once(server, 'close');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
