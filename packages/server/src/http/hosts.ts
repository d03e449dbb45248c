import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Config } from '../config.ts';

/**
 * Tells whether a Host header may be answered. A page on another site can point a name of its own at this machine (DNS rebinding); it
 * cannot do that with a bare address, so addresses pass and names must be known.
 */
export function hostChecker(config: Config): (host: string | undefined) => boolean {
  const names = new Set([
    'localhost',
    hostname().toLowerCase(),
    config.host.toLowerCase(),
    ...config.allowedHosts.map((host) => host.toLowerCase()),
  ]);
  const known = new Set<string>();
  return (header) => {
    if (header === undefined) return false;
    if (known.has(header)) return true;
    const name = header
      .replace(/:\d{1,5}$/, '')
      .replace(/^\[(.*)\]$/, '$1')
      .replace(/\.$/, '')
      .toLowerCase();
    const allowed = isIP(name) !== 0 || names.has(name) || names.has(header.toLowerCase());
    if (allowed && known.size < 64) known.add(header);
    return allowed;
  };
}
