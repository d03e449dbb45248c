import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { Refusal } from '../errors.ts';

/** Days that a certificate made here is good for: the longest that current clients take. */
const DAYS = 397;
const DAY_MS = 86_400_000;

/** A pair that was made. */
export interface SelfSigned {
  readonly certFile: string;
  readonly keyFile: string;
  /** SHA-256 of the certificate, as browsers show it: to compare before trusting it. */
  readonly fingerprint: string;
  readonly hosts: readonly string[];
  readonly expires: Date;
}

/**
 * Makes `cert.pem` and `key.pem` (0600) in a folder: an EC P-256 certificate signed by itself, good for 397 days, for these host names and
 * addresses besides localhost.
 * @param hosts names and addresses that clients will call the service by
 * @throws Refusal when a host is not a name or address, or when there is a pair already and `overwrite` is not set.
 */
export async function makeSelfSigned(
  folder: string,
  hosts: readonly string[] = [],
  options: { readonly overwrite?: boolean; readonly now?: Date } = {},
): Promise<SelfSigned> {
  const names = [...new Set([...hosts.map(checkHost), 'localhost', '127.0.0.1', '::1'])];
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!options.overwrite) {
    for (const file of [certFile, keyFile]) {
      if (await exists(file)) {
        throw new Refusal('refused', `${file} is there already. Choose another folder, or say --force to replace the pair.`);
      }
    }
  }
  const now = options.now ?? new Date();
  const expires = new Date(now.getTime() + DAYS * DAY_MS);
  const made = await generate([{ name: 'commonName', value: names[0]! }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A clock that is a little behind on the other side must not refuse a certificate made just now.
    notBeforeDate: new Date(now.getTime() - 3_600_000),
    notAfterDate: expires,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name })),
      },
    ],
  });
  await writePrivate(keyFile, made.private);
  await writePrivate(certFile, made.cert);
  return { certFile, keyFile, fingerprint: new X509Certificate(made.cert).fingerprint256, hosts: names, expires };
}

function checkHost(host: string): string {
  const name = host.trim().toLowerCase();
  if (isIP(name) === 0 && !/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    throw new Refusal(
      'invalid',
      `"${host.slice(0, 100)}" is not a host name or address. Write it like verdict.example.org or 10.0.0.7.`,
    );
  }
  return name;
}

/** Never readable by others, not even for a moment, and never half a file in the place of a good one. */
async function writePrivate(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true });
    await chmod(draft, 0o600);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
