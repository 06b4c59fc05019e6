import 'reflect-metadata';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { DAY_MS, type Instant } from '#domain/instant.ts';

export interface DevelopmentCertificates {
  /** PEM, as are the others. */
  key: string;
  cert: string;
  ca: string;
  /** Where clients find the CA. */
  caPath: string;
}

/**
 * A CA of our own and a server certificate for localhost, the loopback addresses and this host's name: made on the
 * first start, kept in `directory` (readable by the owner alone), and made anew when either has expired or is about to.
 */
export async function developmentCertificates(
  directory: string,
  now: Instant = Date.now(),
): Promise<DevelopmentCertificates> {
  const caPath = join(directory, 'ca.pem');
  const paths = [join(directory, 'server-key.pem'), join(directory, 'server.pem'), caPath] as const;
  const kept = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  if (isGood(kept[1]!, now) && isGood(kept[2]!, now) && kept[0] !== '') {
    return { key: kept[0]!, cert: kept[1]!, ca: kept[2]!, caPath };
  }
  const made = await make(now);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const [i, pem] of [made.key, made.cert, made.ca].entries()) {
    await writeFile(paths[i]!, pem, { mode: 0o600 });
    await chmod(paths[i]!, 0o600);
  }
  return { ...made, caPath };
}

const VALID_DAYS = 825;
const RENEW_BEFORE_DAYS = 30;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

function isGood(pem: string, now: Instant): boolean {
  try {
    const certificate = new x509.X509Certificate(pem);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON();
    return (
      certificate.notBefore.getTime() <= now &&
      certificate.notAfter.getTime() > now + RENEW_BEFORE_DAYS * DAY_MS &&
      (names?.some((name) => name.value === hostname()) ?? true)
    );
  } catch {
    return false;
  }
}

/** The CA's key is not kept: nothing else shall ever be signed with it. */
async function make(now: Instant): Promise<{ key: string; cert: string; ca: string }> {
  const { subtle } = globalThis.crypto;
  const newKeys = () => subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const caKeys = await newKeys();
  const keys = await newKeys();
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + VALID_DAYS * DAY_MS) };

  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Headway development CA',
    ...validity,
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const cert = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    ...validity,
    signingAlgorithm: algorithm,
    signingKey: caKeys.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: hostname() },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const pkcs8 = await subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    cert: cert.toString('pem'),
    ca: ca.toString('pem'),
  };
}
