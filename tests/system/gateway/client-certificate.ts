import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { DAY_MS } from '#domain/instant.ts';

export interface ClientCertificate {
  /** PEM, as is the other. */
  cert: string;
  key: string;
  sha1: string;
  sha256: string;
}

/** Self-signed, as a device makes its own. */
export async function clientCertificate(
  deviceId: string,
  validTo = Date.now() + DAY_MS,
): Promise<ClientCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${deviceId}`,
    notBefore: new Date(validTo - 2 * DAY_MS),
    notAfter: new Date(validTo),
    signingAlgorithm: algorithm,
    keys,
  });
  const cert = made.toString('pem');
  const { fingerprint, fingerprint256 } = new X509Certificate(cert);
  return {
    cert,
    key: x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
    sha1: fingerprint.replaceAll(':', ''),
    sha256: fingerprint256.replaceAll(':', ''),
  };
}
