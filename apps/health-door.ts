import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorFault } from './config.ts';
import type { RoleHealth } from './role-health.ts';

export interface HealthDoor {
  url: string;
  close(): Promise<void>;
}

/**
 * Answers `/healthz` (is it alive) and `/readyz` (is it ready) with 200 or 503, and the state of each role as JSON.
 * @throws OperatorFault when the port is taken.
 */
export async function openHealthDoor(host: string, port: number, health: RoleHealth): Promise<HealthDoor> {
  const server = createServer((request, response) => {
    const { alive, ready, roles } = health.now();
    const good = new Map([
      ['/healthz', alive],
      ['/readyz', ready],
    ]).get(request.url ?? '');
    const status = good === undefined ? 404 : good ? 200 : 503;
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(
      `${JSON.stringify(good === undefined ? { error: 'no such path' } : { alive, ready, roles })}\n`,
    );
  });
  const listening = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  }).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorFault(
      `could not answer for health on ${host}:${port}`,
      error.message,
      'is another program there? choose a port with HEADWAY_HEALTH_PORT, or health.port in headway.json',
      3,
    );
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
