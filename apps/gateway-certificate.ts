import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { type Config, OperatorFault } from './config.ts';

/**
 * What devices see over TLS: the city's own certificate where one is configured, else one for development, kept in
 * `directory`. @throws OperatorFault where the configured one can not be used.
 */
export async function gatewayCertificate(
  { certificateFile, keyFile }: Config['gateway'],
  directory: string,
): Promise<{ key: string; cert: string }> {
  if (certificateFile === undefined && keyFile === undefined) return developmentCertificates(directory);
  const unusable = (detail: string): OperatorFault =>
    new OperatorFault(
      'the gateway’s certificate can not be used',
      detail,
      'gateway.certificateFile is PEM with its chain, gateway.keyFile its private key; without both, one for development is made',
      3,
    );
  if (certificateFile === undefined || keyFile === undefined)
    throw unusable(
      `${certificateFile === undefined ? 'gateway.certificateFile' : 'gateway.keyFile'} is not set`,
    );
  let made: { key: string; cert: string };
  let validTo: number;
  try {
    made = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certificateFile, 'utf8') };
    createSecureContext(made);
    validTo = Date.parse(new X509Certificate(made.cert).validTo);
  } catch (error) {
    throw unusable(`${certificateFile} with ${keyFile}: ${(error as Error).message}`);
  }
  if (validTo > Date.now()) return made;
  throw unusable(`${certificateFile} has run out at ${new Date(validTo).toISOString()}`);
}
