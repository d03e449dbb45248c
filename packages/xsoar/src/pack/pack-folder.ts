import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `npm run build -w packages/xsoar` leaves the pack; the same place from the sources and from what is compiled of them. */
const BUILT = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist');

/** The folder of the content tree, as scripts/build-pack.mjs knows it too. */
const TREE = 'content-pack';

/**
 * The folder with the built content tree of the pack: `pack_metadata.json`, `Integrations/Verdict/Verdict.js` and so on.
 * @throws Error in a sentence that says what to run, where it is not built.
 */
export function packFolder(): string {
  const folder = join(BUILT, TREE);
  if (!existsSync(join(folder, 'pack_metadata.json'))) {
    throw new PackNotBuilt(`The content pack is not built: run npm run build -w packages/xsoar (looked in ${folder}).`);
  }
  return folder;
}

/**
 * The archive of the pack that XSOAR takes in its upload, `verdict-pack-<version>.zip`.
 * @throws PackNotBuilt like {@link packFolder}.
 */
export function packArchive(): string {
  packFolder();
  const name = readdirSync(BUILT).find((file) => /^verdict-pack-[\w.-]+\.zip$/.test(file));
  if (name === undefined)
    throw new PackNotBuilt('The archive of the content pack is not built: run npm run build -w packages/xsoar.');
  return join(BUILT, name);
}

/** The pack has to be built first. */
export class PackNotBuilt extends Error {
  override readonly name = 'PackNotBuilt';
}
