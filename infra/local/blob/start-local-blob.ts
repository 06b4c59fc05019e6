import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LocalBlob {
  port: number;
  connectionString: string;
  close(): Promise<void>;
}

/** Azurite's own well-known account: it opens nothing but an azurite. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** A second on a machine that has nothing else to do. */
const STARTS_WITHIN_MS = 120_000;
const CLOSES_WITHIN_MS = 4_000;

/** Its standard input ends with us, however suddenly that is. */
const endsWithParent = `data:text/javascript,${encodeURIComponent("process.stdin.on('end', () => process.kill(process.pid)).resume().unref()")}`;

/**
 * Azurite's blob service in a process of its own that ends with this one, on 127.0.0.1. `port` 0 chooses a free one. What
 * is written stays in `directory`.
 */
export async function startLocalBlob(options: { directory: string; port?: number }): Promise<LocalBlob> {
  const port = options.port || (await freePort());
  const main = join(import.meta.dirname, '../node_modules/azurite/dist/src/blob/main.js');
  const child = spawn(
    process.execPath,
    [
      ...['--import', endsWithParent, main],
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', options.directory],
      // The SDK asks for a newer version of the service than azurite knows.
      ...['--skipApiVersionCheck', '--silent', '--disableTelemetry'],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = (complaint + text).slice(-2_000);
  });
  const exited = once(child, 'exit');
  const giveUpAt = performance.now() + STARTS_WITHIN_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      child.kill();
      throw new Error(`azurite did not start on port ${port}: ${complaint.trim() || 'it said nothing'}`);
    }
    await sleep(50);
  }
  return {
    port,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=http://127.0.0.1:${port}/${ACCOUNT};`,
    close: async () => {
      child.kill();
      // It waits for connections that clients keep open; what it has written down by then is all there is.
      const force = setTimeout(() => child.kill('SIGKILL'), CLOSES_WITHIN_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
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
