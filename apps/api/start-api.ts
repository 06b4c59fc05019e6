import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { LIVE } from '#domain/log.ts';
import { newApiToken } from '../api-token.ts';
import { type Config, OperatorFault } from '../config.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { Parts } from '../pipeline.ts';
import { appendOrders } from '../readmit.ts';
import { answeringThread } from './answering-thread.ts';
import { apiApp } from './app.ts';
import { pipelineState } from './pipeline-state.ts';
import { reportFiles } from './report-files.ts';

export interface Api {
  url: string;
  close(): Promise<void>;
}

/**
 * The plain page, its JSON and the metrics of a running pipeline; other processes find them by the data directory.
 * @throws OperatorFault when the port is taken.
 */
export async function startApi({
  data,
  pipeline,
  config,
}: {
  data: DataDirectory;
  pipeline: Pick<Parts, 'gateway' | 'log'>;
  config: Config;
}): Promise<Api> {
  const { host, port } = config.api;
  const startedAt = Date.now();
  const answers = answeringThread({ storePath: data.storePath, path: data.path });
  const app = apiApp({
    city: () => data.city() ?? { name: 'A city without a name', timezone: 'UTC' },
    answers,
    reports: reportFiles(data.reportsPath),
    pipeline: () => pipelineState(data, pipeline, config.gateway.host, startedAt),
    starts: () => pipeline.log.starts(),
    readmit: async (plan) => {
      await appendOrders(pipeline.log, plan, await data.registry.view(), Date.now());
      return pipeline.log.ends();
    },
    devices: pipeline.gateway?.hub,
    isLiveSensor: async (deviceId) => {
      const device = (await data.registry.view()).at('device', deviceId, Date.now());
      return device?.role === 'sensor' && device.domain === LIVE;
    },
    token: newApiToken(data),
    hostNames: loopback.has(host) ? loopback : undefined,
  });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host });
  const listening = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  }).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorFault(
      `could not serve the page on ${host}:${port}`,
      error.message,
      'is another program there? choose a port with HEADWAY_API_PORT, or api.port in headway.json',
      3,
    );
  });
  server.on('error', () => {});
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${listening}`;
  setApiUrl(data, url);
  return {
    url,
    close: async () => {
      setApiUrl(data, undefined);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await answers.stop();
    },
  };
}

function setApiUrl(data: DataDirectory, apiUrl: string | undefined): void {
  const doors = data.running();
  if (doors) data.setRunning({ ...doors, apiUrl });
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);
