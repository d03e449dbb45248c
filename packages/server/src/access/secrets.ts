import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../errors.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import type { Random } from './key-service.ts';

/** The key file in the data folder. Backups leave it out unless asked. */
export const SECRET_KEY_FILE = 'secret.key';
const HEADER = 'verdict-secret-key-1:';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Where the store notes which key its secrets are sealed with (a fingerprint, not the key). */
const NOTED = 'secret_key_id';

/**
 * Seals the secrets of integrations with AES-256-GCM under a key that lies in a file beside the database, so that the database alone, say
 * a backup, gives none away. The store notes the key's fingerprint: a missing or foreign file is told apart from a first start, and never
 * quietly replaced.
 */
export class Vault {
  readonly #storage: Storage;
  readonly #random: Random;
  readonly #file: string;
  #noted: string | null = null;
  #key: { readonly bytes: Buffer; readonly id: string } | null = null;

  constructor(storage: Storage, random: Random = randomBytes) {
    this.#storage = storage;
    this.#random = random;
    this.#file = join(storage.folder, SECRET_KEY_FILE);
  }

  /**
   * Makes the key file at the first start, else checks it. A missing or wrong file does not stop the service: alerts must come in. Only what
   * needs a secret is refused then.
   * @throws the system's error where the file, StorageUnavailable where the note of it cannot be written.
   */
  async prepare(): Promise<void> {
    this.#noted = await this.#storage.read(notedKey);
    if (this.#noted !== null) return;
    let key: Buffer | null;
    try {
      key = readKey(this.#file);
    } catch {
      // Said by problem() and by whatever needs a secret.
      return;
    }
    const id = idOf(key ?? makeKeyFile(this.#storage.folder, this.#file, this.#random));
    await this.#storage.write((tx) => noteKey(tx, id));
    this.#noted = id;
  }

  /** What is wrong with the key file, as a sentence; null when nothing is. */
  problem(): string | null {
    try {
      this.#open();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /**
   * Encrypts a secret. Quick and without waiting, so it may be called anywhere.
   * @param context what the secret belongs to (`integration:1001:api_key`); it opens nowhere else.
   * @returns text to store: `v1.<key id>.<iv>.<tag and ciphertext>`.
   * @throws Refusal `secret_unavailable` without the key file.
   */
  seal(plain: string, context: string): string {
    const key = this.#open();
    const iv = this.#random(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return ['v1', key.id, iv.toString('base64url'), Buffer.concat([cipher.getAuthTag(), sealed]).toString('base64url')].join('.');
  }

  /**
   * Decrypts what `seal` gave for the same context.
   * @throws Refusal `secret_unavailable` without the right key file, or when the text was changed or moved to another place.
   */
  open(envelope: string, context: string): string {
    const key = this.#open();
    const [version, id, iv, sealed] = envelope.split('.');
    if (version !== 'v1' || !id || !iv || !sealed) throw unavailable('A stored secret is damaged. Enter it again.');
    if (id !== key.id) throw unavailable(wrongKey());
    const bytes = Buffer.from(sealed, 'base64url');
    const nonce = Buffer.from(iv, 'base64url');
    if (nonce.length !== IV_BYTES || bytes.length < TAG_BYTES) throw unavailable('A stored secret is damaged. Enter it again.');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(0, TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unavailable('A stored secret was changed, or moved from where it belongs. Enter it again.', cause);
    }
  }

  /** Reads the file when it is first needed, and again after it was missing: restoring it takes no new start. */
  #open(): { readonly bytes: Buffer; readonly id: string } {
    if (this.#key) return this.#key;
    const bytes = readKey(this.#file);
    if (!bytes) {
      throw unavailable(
        `The key file ${SECRET_KEY_FILE} is missing from the data folder, so stored secrets cannot be read: restore ${SECRET_KEY_FILE} from your backup.`,
      );
    }
    const id = idOf(bytes);
    if (id !== this.#noted) throw unavailable(wrongKey());
    this.#key = { bytes, id };
    return this.#key;
  }
}

function wrongKey(): string {
  return `The key file ${SECRET_KEY_FILE} is not the one that the stored secrets were sealed with: restore ${SECRET_KEY_FILE} from your backup.`;
}

function unavailable(sentence: string, cause?: unknown): Refusal {
  return new Refusal('secret_unavailable', sentence, { cause });
}

/** A fingerprint from which the key cannot be found. */
function idOf(key: Buffer): string {
  return hash('sha256', Buffer.concat([Buffer.from('verdict secret key id\0'), key]), 'hex').slice(0, 16);
}

/** The key in a file; null when there is no file. @throws Refusal when it is not a key file. */
function readKey(file: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    // Copied back by hand it may have become readable to others.
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unavailable(`The key file ${SECRET_KEY_FILE} cannot be read. Check who may read it.`, error);
  }
  const bytes = text.startsWith(HEADER) ? Buffer.from(text.slice(HEADER.length).trim(), 'base64url') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES)
    throw unavailable(`The key file ${SECRET_KEY_FILE} is damaged: restore ${SECRET_KEY_FILE} from your backup.`);
  return bytes;
}

/** Written under another name first: a crash leaves a whole key file or none, and an existing one is never overwritten. */
function makeKeyFile(folder: string, file: string, random: Random): Buffer {
  const key = random(KEY_BYTES);
  const draft = `${file}.${random(6).toString('hex')}`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, `${HEADER}${key.toString('base64url')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(draft, file);
  } finally {
    unlinkSync(draft);
  }
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return key;
}

async function notedKey(tx: ReadTx): Promise<string | null> {
  return (await tx.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', NOTED))?.value ?? null;
}

async function noteKey(tx: Tx, id: string): Promise<void> {
  await tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', NOTED, id);
}
