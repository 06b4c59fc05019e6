import type { DeviceOffice } from '#domain/devices/device-hub.ts';
import { askRunning } from './ask-running.ts';
import type { DataDirectory } from './data-directory.ts';

/** The devices of the pipeline that runs on this directory, over its API. @throws OperatorFault when none runs. */
export function runningDevices(data: DataDirectory): DeviceOffice {
  const at = (deviceId: string, what: string) => `/api/devices/${encodeURIComponent(deviceId)}/${what}`;
  return {
    twin: (deviceId) => askRunning(data, 'read the twin', { method: 'GET', path: at(deviceId, 'twin') }),
    changeTwin: (deviceId, { desired, tags }) =>
      askRunning(data, 'change the twin', {
        method: 'PATCH',
        path: at(deviceId, 'twin'),
        body: { desired, tags },
      }),
    callMethod: (deviceId, call) =>
      askRunning(data, 'call the device', { method: 'POST', path: at(deviceId, 'methods'), body: call }),
    send: async (deviceId, { body, properties, ttlMs }) => {
      const asked = { text: Buffer.from(body).toString('utf8'), properties, ttlMs };
      const path = at(deviceId, 'messages');
      const { sent } = await askRunning<{ sent: 'queued' | 'full' | 'too-large' }>(
        data,
        'send to the device',
        {
          method: 'POST',
          path,
          body: asked,
        },
      );
      return sent;
    },
  };
}
