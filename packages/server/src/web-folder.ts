import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the built web app is; null where it is not built or not installed. */
export function webFolder(): string | null {
  try {
    const folder = fileURLToPath(new URL('dist/', import.meta.resolve('@verdict/web/package.json')));
    return existsSync(join(folder, 'index.html')) ? folder : null;
  } catch {
    return null;
  }
}
