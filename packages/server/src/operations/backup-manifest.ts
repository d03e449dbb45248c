import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { SECRET_KEY_FILE } from '../access/secrets.ts';
import { Refusal } from '../errors.ts';

/** What a backup folder holds, beside `manifest.json`. */
export const BACKUP_DATABASE = 'verdict.db';
export const KEY_FILE = SECRET_KEY_FILE;
const MANIFEST_FILE = 'manifest.json';
/** A manifest has a few hundred bytes; whatever is larger is something else. */
const MANIFEST_MAX = 64 * 1024;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** What a backup says of itself. It is written last: a folder without one is not a complete backup. */
export const Manifest = Type.Object({
  product: Type.Literal('verdict'),
  format: Type.Literal(1),
  /** The version of Verdict that made it, and its database schema. */
  version: Type.String({ maxLength: 100 }),
  schema: Type.Integer({ minimum: 1 }),
  created_at: Type.String({ pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$` }),
  database: Type.Object({ bytes: Type.Integer({ minimum: 1 }), sha256: Sha256 }),
  /** `sha256` tells which key file belongs to the backup, also where it is not in it; null = the service had none. */
  key_file: Type.Object({ included: Type.Boolean(), sha256: Type.Union([Sha256, Type.Null()]) }),
});
export type Manifest = Static<typeof Manifest>;

export function manifestPath(folder: string): string {
  return join(folder, MANIFEST_FILE);
}

/** Reads and checks the manifest of a backup folder. @throws Refusal with a sentence. */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(manifestPath(folder), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Refusal('refused', `${folder} is not a complete backup: its ${MANIFEST_FILE} cannot be read (${code}).`, {
      cause: error,
    });
  }
  const manifest = text.length <= MANIFEST_MAX ? parse(text) : undefined;
  if (!Value.Check(Manifest, manifest)) {
    throw new Refusal('refused', `${manifestPath(folder)} is not the manifest of a Verdict backup that this version can read.`);
  }
  return manifest;
}

/** SHA-256 of a file in hexadecimal, read in pieces. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** SHA-256 of the key file of a folder, or null where there is none. */
export async function keyFingerprint(folder: string): Promise<string | null> {
  try {
    return await sha256Of(join(folder, KEY_FILE));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
