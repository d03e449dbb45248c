/**
 * `npm run build`: compiles `packages/<name>/src` to `packages/<name>/dist` (JavaScript and declarations, without the tests) and
 * copies what is not TypeScript beside it, so that `npm pack` of each package gives something that runs without the sources.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPack } from './build-pack.mjs';
import { buildWeb } from './build-web.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist');
const IS_TEST = /\.test\.|(^|[\\/])testing(\.ts$|[\\/])/;
const WORKER_URL = /new URL\((['"])(\.{1,2}\/[^'"\n]+)\.ts\1/g;

rmSync(out, { recursive: true, force: true });
compile();
const problems = packageNames().flatMap(finish);
rmSync(out, { recursive: true, force: true });
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** One run of the compiler over all packages: they import each other's sources, so no order has to be kept. */
function compile() {
  const run = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (run.status !== 0) {
    console.error('The sources do not compile, so nothing was built: npm run typecheck lists the mistakes.');
    process.exit(1);
  }
}

/** Moves what was compiled of one package into its dist and completes it; returns what is wrong with the result. */
function finish(name) {
  if (name === 'web') return finishWeb();
  const home = join(root, 'packages', name);
  const dist = join(home, 'dist');
  rmSync(dist, { recursive: true, force: true });
  if (!existsSync(join(out, name, 'src'))) return [`packages/${name} has no sources to build.`];
  renameSync(join(out, name, 'src'), dist);
  copyAssets(join(home, 'src'), dist);
  const problems = filesBelow(dist, /\.js$/).flatMap((file) => pointWorkersToJavaScript(join(dist, file), name));
  problems.push(...entryProblems(home, name));
  if (name === 'xsoar' && !buildPack((sentence) => console.error(sentence)))
    problems.push('The content pack of packages/xsoar was not built.');
  console.log(`packages/${name}/dist: ${filesBelow(dist, /\.js$/).length} files of JavaScript`);
  return problems;
}

/** The pages are no library: their own tool makes them. */
function finishWeb() {
  const built = buildWeb((sentence) => console.error(sentence));
  if (built) console.log('packages/web/dist: the web app');
  return built ? [] : ['packages/web was not built.'];
}

function copyAssets(source, dist) {
  for (const file of filesBelow(source, /./)) {
    if (/\.tsx?$/.test(file) || IS_TEST.test(file)) continue;
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(source, file), join(dist, file));
  }
}

/** The compiler turns `./x.ts` into `./x.js` in imports; in the address of a worker, `new URL('./x.ts', import.meta.url)`, it does not. */
function pointWorkersToJavaScript(file, name) {
  const text = readFileSync(file, 'utf8');
  const missing = [];
  const changed = text.replace(WORKER_URL, (_, quote, path) => {
    if (!existsSync(resolve(dirname(file), `${path}.js`)))
      missing.push(`packages/${name}: ${file} names ${path}.ts, which is not in the build.`);
    return `new URL(${quote}${path}.js${quote}`;
  });
  if (changed !== text) writeFileSync(file, changed);
  return missing;
}

/** Each file that package.json promises has to be there, and a command has to say what runs it. */
function entryProblems(home, name) {
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const promised = Object.values(manifest.exports ?? {}).flatMap(({ types, default: main }) => [types, main]);
  const commands = Object.values(manifest.bin ?? {});
  return [
    ...[...promised, ...commands]
      .filter((file) => !existsSync(join(home, file)))
      .map((file) => `packages/${name}/package.json names ${file}, which was not built.`),
    ...commands
      .filter(
        (file) => existsSync(join(home, file)) && !readFileSync(join(home, file), 'utf8').startsWith('#!/usr/bin/env node\n'),
      )
      .map((file) => `packages/${name}/${file} is a command and its source must begin with the line #!/usr/bin/env node.`),
  ];
}

function filesBelow(folder, pattern) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function packageNames() {
  return readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'package.json')));
}
