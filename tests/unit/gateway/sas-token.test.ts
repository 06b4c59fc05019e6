import { SharedAccessSignature } from 'azure-iot-device';
import { expect, test } from 'vitest';
import { parseSasToken, signedWith } from '#ingest/gateway/sas-token.ts';

const key = Buffer.from('0123456789abcdef').toString('base64');

test("a token made by Microsoft's own library is read and its signature holds", () => {
  const made = SharedAccessSignature.create(
    'city.azure-devices.net',
    'loop-1',
    key,
    1_777_622_400,
  ).toString();
  const token = parseSasToken(made);
  expect(token).toMatchObject({
    resource: 'city.azure-devices.net/devices/loop-1',
    expiresAt: Date.UTC(2026, 4, 1, 8),
  });
  expect(signedWith(token!, key)).toBe(true);
  expect(signedWith(token!, Buffer.from('0123456789abcdeF').toString('base64'))).toBe(false);
  expect(signedWith(parseSasToken(made.replace('se=1777622400', 'se=1777622401'))!, key)).toBe(false);
});

// printf 'localhost%%2Fdevices%%2Fa\n1777622400' | openssl dgst -sha256 -hmac 0123456789abcdef -binary | base64
test('a signature computed by openssl holds', () => {
  const sig = encodeURIComponent('fKqv35HLIwgFqGTbcn+PiZByumo7y2AutKf97sdgcYs=');
  const token = parseSasToken(`SharedAccessSignature sr=localhost%2Fdevices%2Fa&sig=${sig}&se=1777622400`);
  expect(signedWith(token!, key)).toBe(true);
});

test.each([
  '',
  'SharedAccessSignature',
  'SharedAccessSignature sr=a&sig=b',
  'SharedAccessSignature sr=a&sig=b&se=',
  'SharedAccessSignature sr=a&sig=b&se=soon',
  'SharedAccessSignature sr=a&sig=b&se=-1',
  'SharedAccessSignature sr=%zz&sig=b&se=1',
  'SharedAccessSignature sr=a&sr=b&sig=b&se=1',
  'Bearer sr=a&sig=b&se=1',
])('%j is no token', (text) => {
  expect(parseSasToken(text)).toBe(undefined);
});
