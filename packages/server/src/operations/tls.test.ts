import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSelfSigned } from './tls.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-tls-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a self-signed pair', () => {
  it('refuses a host that is neither a name nor an address, and makes nothing', async () => {
    await expect(makeSelfSigned(folder, ['https://verdict.example.org/'])).rejects.toThrow(
      '"https://verdict.example.org/" is not a host name',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses to overwrite a pair unless asked to', async () => {
    const first = await makeSelfSigned(folder);
    await expect(makeSelfSigned(folder)).rejects.toThrow(`${first.certFile} is there already.`);
    expect(fingerprintOf(first.certFile)).toBe(first.fingerprint);
    const second = await makeSelfSigned(folder, [], { overwrite: true });
    expect(fingerprintOf(second.certFile)).toBe(second.fingerprint);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(readdirSync(folder).sort()).toEqual(['cert.pem', 'key.pem']);
  });

  it('is private, names every host and is good for 397 days', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const pair = await makeSelfSigned(join(folder, 'tls'), ['verdict.example.org', '10.0.0.7'], { now });
    expect(statSync(pair.certFile).mode & 0o777).toBe(0o600);
    expect(statSync(pair.keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'tls')).mode & 0o777).toBe(0o700);
    const certificate = new X509Certificate(readFileSync(pair.certFile));
    expect(certificate.subject).toBe('CN=verdict.example.org');
    expect(certificate.subjectAltName).toBe(
      'DNS:verdict.example.org, IP Address:10.0.0.7, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(certificate.ca).toBe(false);
    expect(certificate.validToDate).toEqual(new Date('2027-04-02T12:00:00Z'));
    expect(pair.expires).toEqual(certificate.validToDate);
  });

  it('serves HTTPS to a client that trusts the certificate, under its address', async () => {
    const pair = await makeSelfSigned(folder);
    const cert = readFileSync(pair.certFile);
    const server = createServer({ cert, key: readFileSync(pair.keyFile) }, (_request, response) => response.end('alive'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const body = await new Promise<string>((resolve, reject) => {
        get({ host: '127.0.0.1', port, ca: cert, agent: false }, (response) => {
          response.setEncoding('utf8').on('data', resolve);
        }).on('error', reject);
      });
      expect(body).toBe('alive');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

function fingerprintOf(file: string): string {
  const hash = createHash('sha256')
    .update(new X509Certificate(readFileSync(file)).raw)
    .digest('hex')
    .toUpperCase();
  return hash.match(/../g)!.join(':');
}
