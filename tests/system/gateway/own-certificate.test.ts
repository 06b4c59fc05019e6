import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { gatewayCertificate } from '#apps/gateway-certificate.ts';
import { clientCertificate } from './client-certificate.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a city’s own certificate is what devices see; one that can not be used is told, and never replaced by another', async (context) => {
  const directory = await temporaryDirectory(context);
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const [good, other, old] = await Promise.all([
    clientCertificate('devices.leeds.example'),
    clientCertificate('another'),
    clientCertificate('devices.leeds.example', Date.now() - 1_000),
  ]);
  const cert = file('cert.pem', good.cert);
  const key = file('key.pem', good.key);
  const used = (certificateFile?: string, keyFile?: string) =>
    gatewayCertificate(
      readConfig(undefined, {
        ...(certificateFile && { HEADWAY_GATEWAY_CERTIFICATE_FILE: certificateFile }),
        ...(keyFile && { HEADWAY_GATEWAY_KEY_FILE: keyFile }),
      }).gateway,
      join(directory, 'development'),
    );

  expect(await used(cert, key)).toEqual({ cert: good.cert, key: good.key });
  expect((await used()).cert).not.toBe(good.cert);
  const refused = (detail: RegExp) => ({
    message: 'the gateway’s certificate can not be used',
    detail: expect.stringMatching(detail),
    hint: expect.stringContaining('PEM'),
  });
  await expect(used(cert)).rejects.toMatchObject(refused(/gateway.keyFile is not set/));
  await expect(used(cert, join(directory, 'none.pem'))).rejects.toMatchObject(refused(/none.pem: ENOENT/));
  await expect(used(cert, file('other.pem', other.key))).rejects.toMatchObject(refused(/mismatch/));
  await expect(used(file('no.pem', 'no PEM'), key)).rejects.toMatchObject(refused(/no.pem/));
  await expect(used(file('old.pem', old.cert), file('old-key.pem', old.key))).rejects.toMatchObject(
    refused(/has run out at 20/),
  );
});
