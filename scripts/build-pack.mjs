/**
 * Builds the content pack for Cortex XSOAR into `packages/xsoar/dist`: the content tree `content-pack/` and the archive
 * `verdict-pack-<version>.zip`. Quick where nothing changed. `npm test` and `npm run verdict` run it through prepare.mjs,
 * `npm run build` with everything else, `npm run build -w packages/xsoar` directly. Plain JavaScript: it also runs on the Node that
 * npm has, and starts the one that came with the dependencies for the building itself.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundledNode, hashOfSources, readMark, root } from './built.mjs';

const home = join(root, 'packages/xsoar');
const dist = join(home, 'dist');
/** Says which sources the pack was made of. */
const MARK = '.pack-sources';
/** The folder of the content tree, as pack-folder.ts knows it too. */
const TREE = 'content-pack';
const NOW = '--now';
const SOURCES = [
  'packages/xsoar/src/pack',
  'packages/xsoar/src/script',
  'packages/xsoar/src/playbook-picture',
  'package-lock.json',
  'scripts/build-pack.mjs',
];

/**
 * Builds if need be.
 * @returns whether there is a built pack now.
 */
export function buildPack(say) {
  if (!existsSync(join(home, 'src/pack/builder.ts'))) return false; // a copy of the service without the pack
  if (!existsSync(join(root, 'node_modules/rollup'))) return existsSync(join(dist, MARK)); // installed without what builds
  const sources = hashOfSources(SOURCES);
  if (readMark(join(dist, MARK)) === sources && existsSync(join(dist, TREE))) return true;
  const run = spawnSync(bundledNode(), ['--conditions=source', fileURLToPath(import.meta.url), NOW, dist], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (run.status !== 0) {
    say('The content pack for Cortex XSOAR could not be built: the lines above say why.');
    return false;
  }
  writeFileSync(join(dist, MARK), sources);
  return true;
}

/** Builds into a folder: bundles the scripts, asks the pack what its files are, and puts them in place at once. */
async function buildInto(folder) {
  const importSource = (file) => import(pathToFileURL(join(home, 'src/pack', file)).href);
  const { ARCHIVE, contentTree, ENTRIES, uploadFiles } = await importSource('builder.ts');
  const { zipOf } = await importSource('archive.ts');
  const code = {};
  for (const [name, entry] of Object.entries(ENTRIES)) code[name] = await bundle(join(home, 'src/script', `${entry}.ts`));
  mkdirSync(folder, { recursive: true });
  const fresh = join(folder, `${TREE}.${process.pid}`);
  for (const [path, content] of contentTree(code)) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    writeFileSync(join(fresh, path), content);
  }
  for (const name of readdirSync(folder)) if (/^verdict-pack-.*\.zip$/.test(name)) rmSync(join(folder, name));
  writeFileSync(join(folder, ARCHIVE), zipOf(uploadFiles(code)));
  rmSync(join(folder, TREE), { recursive: true, force: true });
  try {
    renameSync(fresh, join(folder, TREE));
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // another process was quicker and made the same
  }
}

/**
 * One flat script of ES5.1 out of an entry that exports `run`. XSOAR makes the body of a function of it, so it ends in a `return`.
 */
async function bundle(entry) {
  const [{ rollup }, { transform }, { parse }] = await Promise.all([import('rollup'), import('@swc/core'), import('acorn')]);
  const stripTypes = {
    name: 'strip-types',
    async transform(text, id) {
      const { code } = await transform(text, {
        filename: id,
        configFile: false,
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', preserveAllComments: true },
      });
      return { code, map: null };
    },
  };
  const built = await rollup({
    input: entry,
    plugins: [stripTypes],
    treeshake: { moduleSideEffects: false },
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await built.generate({ format: 'es', indent: false });
  await built.close();
  if (output.length !== 1 || output[0].imports.length > 0) throw new Error(`${entry} does not become one script.`);
  const lines = output[0].code.split(/\nexport \{ run \};\s*$/);
  if (lines.length !== 2) throw new Error(`${entry} has to export run, and nothing else.`);
  const { code } = await transform(lines[0], {
    configFile: false,
    swcrc: false,
    isModule: false,
    jsc: {
      parser: { syntax: 'ecmascript' },
      target: 'es5',
      loose: true,
      externalHelpers: false,
      preserveAllComments: true,
      assumptions: { setComputedProperties: true },
    },
  });
  const text = `${code.trimEnd()}\nreturn run();\n`;
  parse(text, { ecmaVersion: 5, allowReturnOutsideFunction: true });
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === NOW) await buildInto(process.argv[3]);
  else process.exitCode = buildPack((sentence) => process.stderr.write(`${sentence}\n`)) ? 0 : 1;
}
