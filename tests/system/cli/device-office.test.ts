import { Client, type DeviceMethodRequest, type DeviceMethodResponse } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { expect, type TestContext, test } from 'vitest';
import { startApi } from '#apps/api/start-api.ts';
import type { DataDirectory } from '#apps/data-directory.ts';
import { type Pipeline, startPipeline } from '#apps/pipeline.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { headway, headwayJson } from './headway.ts';
import { key, testCity, testConfig } from './test-city.ts';

/** A pipeline with its page, closed when the test ends. */
async function running(
  context: TestContext,
  data: DataDirectory,
): Promise<{ pipeline: Pipeline; url: string }> {
  const config = testConfig();
  const pipeline = await startPipeline(config, data);
  const api = await startApi({ data, pipeline, config });
  context.onTestFinished(async () => {
    await api.close();
    await pipeline.stop();
  });
  return { pipeline, url: api.url };
}

async function azureDevice(context: TestContext, data: DataDirectory, pipeline: Pipeline): Promise<Client> {
  const { ca } = await developmentCertificates(data.certificatesPath);
  const hosts = `HostName=headway.azure-devices.net;GatewayHostName=localhost:${pipeline.gateway.tlsPort}`;
  const device = Client.fromConnectionString(`${hosts};DeviceId=loop-1;SharedAccessKey=${key}`, Mqtt);
  await device.setOptions({ ca });
  await device.open();
  context.onTestFinished(async () => {
    await device.close().catch(() => undefined);
  });
  return device;
}

test('an operator sets what a device should be, calls it and sends to it, through the running pipeline', async (context) => {
  const data = await testCity(context);
  const { pipeline } = await running(context, data);
  const away = await headway(data.path, 'device', 'call', 'loop-1', 'reboot');
  expect(away).toMatchObject({ code: 1, stdout: '' });
  expect(away.stderr).toContain('loop-1 is not connected');
  const sent = await headway(
    data.path,
    'device',
    'send',
    'loop-1',
    'mind the frost',
    '--property',
    'road=A 1',
  );
  expect(sent).toEqual({ code: 0, stdout: '', stderr: 'queued for loop-1\n' });

  const device = await azureDevice(context, data, pipeline);
  const heard: string[] = [];
  device.on('message', (message) => {
    heard.push(`${message.data} on ${message.properties.getValue('road')}`);
    void device.complete(message);
  });
  device.onDeviceMethod('reboot', (asked: DeviceMethodRequest, response: DeviceMethodResponse) => {
    const { inS } = asked.payload as { inS: number };
    response.send(inS < 60 ? 200 : 400, { inS }, () => {});
  });
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['mind the frost on A 1']);
  const call = (inS: number, ...more: string[]) =>
    headway(data.path, 'device', 'call', 'loop-1', 'reboot', '--payload', JSON.stringify({ inS }), ...more);
  const answered = await call(5, '--format', 'csv');
  expect(answered).toMatchObject({
    code: 0,
    stdout: 'device_id,method,status,payload\nloop-1,reboot,200,"{""inS"":5}"\n',
  });
  expect((await call(90)).code).toBe(1);

  const twin = await device.getTwin();
  await new Promise<void>((resolve, reject) => {
    twin.properties.reported.update({ firmware: '1.4' }, (error?: Error) =>
      error ? reject(error) : resolve(),
    );
  });
  const set = '{"interval":{"s":30}}';
  const rows = await headwayJson(
    data.path,
    'device',
    'twin',
    'loop-1',
    '--set',
    set,
    '--tag',
    '{"crew":"north"}',
  );
  expect(rows).toMatchObject([
    { part: 'desired', property: 'interval.s', value: 30 },
    { part: 'reported', property: 'firmware', value: '1.4' },
    { part: 'tag', property: 'crew', value: 'north', changed: null },
  ]);
  expect(Math.abs(Date.parse(rows[0]!.changed as string) - Date.now())).toBeLessThan(60_000);
  expect((await device.getTwin()).properties.desired).toMatchObject({ interval: { s: 30 } });
});

test('what can not be is said with its reason, and nobody without the token is answered', async (context) => {
  const data = await testCity(context);
  const still = await headway(data.path, 'device', 'twin', 'loop-1');
  expect(still.code).toBe(1);
  expect(still.stderr).toContain('no pipeline runs');
  const { url } = await running(context, data);
  const unknown = await headway(data.path, 'device', 'twin', 'loop-2');
  expect(unknown.stderr).toContain('there is no device loop-2');
  const broken = await headway(data.path, 'device', 'twin', 'loop-1', '--set', '{"a.b":1}');
  expect(broken.stderr).toContain('can not name a property');
  const noJson = await headway(data.path, 'device', 'twin', 'loop-1', '--set', 'interval=30');
  expect(noJson.code).toBe(2);
  for (const path of ['twin', 'methods', 'messages']) {
    const answer = await fetch(`${url}/api/devices/loop-1/${path}`, {
      method: path === 'twin' ? 'GET' : 'POST',
      headers: { authorization: 'Bearer x' },
    });
    expect(answer.status).toBe(401);
  }
});
