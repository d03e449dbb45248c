/**
 * Reads the import statements of a TypeScript file without compiling it. Good enough because Biome formats the sources: a
 * statement begins its line, and a comment's lines begin with `*` or `//`.
 */

/** One import as written. */
export interface Import {
  /** What is between the quotes: `./job.ts`, `@verdict/engine`, `node:fs`. */
  readonly specifier: string;
  /** `type`: erased before anything runs. `value`: runs when the file is loaded. `lazy`: `import()`, `new URL('./….ts', import.meta.url)`. */
  readonly kind: 'type' | 'value' | 'lazy';
  /** True where the statement, or any name in it, is marked `type`. */
  readonly bringsTypes: boolean;
}

const NAMES = String.raw`(?:(?:[\w$]+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)|[\w$]+)`;
const STATEMENT = new RegExp(String.raw`^(?:import|export)\s+(type\s+)?(${NAMES})\s*from\s*['"]([^'"\n]+)['"]`, 'gm');
const BARE = /^import\s*['"]([^'"\n]+)['"]/gm;
const LAZY = /\b(?:import|require)\(\s*['"]([^'"\n]+)['"]|\bnew URL\(\s*['"](\.[^'"\n]+\.tsx?)['"]/g;
const COMMENT_LINE = /^\s*(?:\*|\/\/|\/\*).*$/gm;

/** The imports and re-exports in `source`, in no particular order; an empty list for an empty text. */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, typeOnly, names, specifier] of source.matchAll(STATEMENT)) {
    const kind = typeOnly === undefined ? 'value' : 'type';
    found.push({ specifier: specifier!, kind, bringsTypes: kind === 'type' || /[{,]\s*type\s+\w/.test(names!) });
  }
  for (const [, specifier] of source.matchAll(BARE)) found.push({ specifier: specifier!, kind: 'value', bringsTypes: false });
  for (const [, called, url] of source.replace(COMMENT_LINE, '').matchAll(LAZY)) {
    found.push({ specifier: (called ?? url)!, kind: 'lazy', bringsTypes: false });
  }
  return found;
}
