import { basename, dirname } from 'node:path';
import type { Playbook, Task } from '../playbook/model.ts';
import { type Catalogue, catalogueOf, isBuiltin } from './catalogue.ts';
import { checkDashboard, checkEs5, checkIncidentField, checkIntegration, checkScript } from './check-items.ts';
import { checkMetadata } from './check-metadata.ts';
import { checkPlaybook, readPackPlaybook } from './check-playbook.ts';
import type { Finding, RuleId, Severity } from './finding.ts';
import { findPacks, isFinding, type PackDocument, type PackFiles, readDocument, textAt } from './pack-files.ts';
import { givesOf, type Keys, tryKeys } from './references.ts';

/** What a check looked at, and what it found. */
export interface PackReport {
  readonly packs: readonly string[];
  readonly files: number;
  /** By file, line and rule. */
  readonly findings: readonly Finding[];
}

const PASCAL = /^[A-Z][A-Za-z0-9]*$/;

/**
 * Checks the content packs of a folder without an XSOAR server: one pack, or a repository with several. Nothing of them is run.
 * @throws NoPack where there is none.
 */
export function checkPacks(folder: string): PackReport {
  const packs = findPacks(folder);
  const findings = packs.flatMap(checkPack);
  return {
    packs: packs.map(({ root }) => root || '.'),
    files: packs.reduce((sum, { paths }) => sum + paths.length, 0),
    findings: findings.toSorted(
      (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.rule, b.rule) || compare(a.message, b.message),
    ),
  };
}

function checkPack(files: PackFiles): Finding[] {
  const findings: Finding[] = [];
  const inside = (path: string) => (files.root === '' ? path : path.slice(files.root.length + 1));
  const documents = new Map<string, PackDocument>();
  for (const path of files.paths) {
    const own = inside(path);
    if (!isContent(own)) continue;
    const document = readDocument(files, path);
    if (isFinding(document)) findings.push(document);
    else documents.set(own, document);
  }
  const within = (folder: string) =>
    [...documents].filter(([own]) => own.startsWith(`${folder}/`)).map(([, document]) => document);

  if (!files.isUpload) findings.push(...checkRoot(files));
  const metadata = documents.get(files.isUpload ? 'metadata.json' : 'pack_metadata.json');
  if (metadata !== undefined) {
    const notes = files.paths.map(inside).filter((own) => own.startsWith('ReleaseNotes/'));
    findings.push(...checkMetadata(metadata, files.isUpload ? undefined : notes.map((own) => basename(own))));
  }
  const [integrations, scripts] = [within('Integrations'), within('Scripts')];
  for (const document of integrations)
    findings.push(...checkIntegration(document), ...checkItemFiles(files, document, 'integration'));
  for (const document of scripts) findings.push(...checkScript(document), ...checkItemFiles(files, document, 'script'));
  for (const document of within('IncidentFields')) findings.push(...checkIncidentField(document));
  for (const document of within('Dashboards')) findings.push(...checkDashboard(document));

  const playbooks: { document: PackDocument; playbook: Playbook; isTest: boolean }[] = [];
  for (const folder of ['Playbooks', 'TestPlaybooks']) {
    for (const document of within(folder)) {
      if (/\s/.test(basename(document.path))) {
        findings.push(
          finding(document.path, 'file-name', 'The name of the file has blanks.', 'Write _ or nothing in their place.'),
        );
      }
      // Scripts for tests stand among the test playbooks.
      if (folder === 'TestPlaybooks' && textAt(document.data, 'commonfields', 'id') !== '') continue;
      const playbook = readPackPlaybook(document);
      if ('rule' in playbook) findings.push(playbook);
      else playbooks.push({ document, playbook, isTest: folder === 'TestPlaybooks' });
    }
  }
  const catalogue = catalogueOf(
    integrations.map(({ data }) => data),
    scripts.map(({ data }) => data),
    playbooks.map(({ playbook }) => playbook),
  );
  for (const { document, playbook, isTest } of playbooks) {
    // A playbook for closing an incident reads what the one for triage has left there.
    const others = playbooks.filter((one) => one.playbook !== playbook && !one.isTest);
    const elsewhere = [
      ...catalogue.afterClose.map(tryKeys),
      ...others.flatMap((one) => [...one.playbook.tasks.values()].flatMap((task) => setBy(task, catalogue))),
    ];
    findings.push(...checkPlaybook(document, playbook, catalogue, elsewhere, isTest));
  }
  return findings;
}

/** Items stand in the folder of their kind, or in a folder of their own there. What is deeper is data of their tests. */
function isContent(own: string): boolean {
  return (
    own === 'pack_metadata.json' ||
    own === 'metadata.json' ||
    /^(Integrations|Scripts|Playbooks|TestPlaybooks)\/([^/]+\/)?[^/]+\.ya?ml$/.test(own) ||
    /^(IncidentFields|Dashboards)\/([^/]+\/)?[^/]+\.json$/.test(own)
  );
}

/** Only what a task sets by its key: outputs of commands belong to the playbook that runs them. */
function setBy(task: Task, catalogue: Catalogue): readonly Keys[] {
  return task.work !== undefined && isBuiltin(task.work.name, task.work.brand) ? givesOf(task, catalogue).paths : [];
}

function checkRoot(files: PackFiles): Finding[] {
  const place = (name: string) => (files.root === '' ? name : `${files.root}/${name}`);
  return ['README.md', '.pack-ignore', '.secrets-ignore'].flatMap((name) =>
    files.paths.includes(place(name))
      ? []
      : [finding(place(name), 'missing-file', `The pack has no ${name}.`, 'Add it; it may be empty.')],
  );
}

/** Names and neighbours of an integration or script, and its code. A unified yml carries its code, picture and description inside. */
function checkItemFiles(files: PackFiles, { path, data }: PackDocument, kind: 'integration' | 'script'): Finding[] {
  const findings: Finding[] = [];
  const [folder, name] = [dirname(path), basename(path).replace(/\.ya?ml$/, '')];
  const code = kind === 'integration' ? textAt(data, 'script', 'script') : textAt(data, 'script');
  const language = kind === 'integration' ? textAt(data, 'script', 'type') : textAt(data, 'type');
  const isUnified = name.startsWith(`${kind}-`) || code.trim().length > 1;
  if (isUnified) {
    if (!PASCAL.test(name.replace(`${kind}-`, ''))) findings.push(oddName(path, name));
    if (language === 'javascript') findings.push(...checkEs5(code, path, kind === 'integration' ? 'script.script' : 'script'));
    return findings;
  }
  if (basename(folder) !== name) {
    const mend = 'Name folder and files alike, like MyIntegration/MyIntegration.yml.';
    findings.push(finding(path, 'file-name', `The folder of "${name}" has another name.`, mend));
  } else if (!PASCAL.test(name)) findings.push(oddName(path, name));
  const needed = [`${name}.${{ javascript: 'js', python: 'py', powershell: 'ps1' }[language] ?? 'js'}`, 'README.md'];
  if (kind === 'integration') needed.push(`${name}_description.md`, `${name}_image.png`);
  for (const one of needed) {
    if (!files.paths.includes(`${folder}/${one}`)) {
      findings.push(
        finding(
          `${folder}/${one}`,
          'missing-file',
          `The ${kind} has no ${one}.`,
          'Add it.',
          one === 'README.md' ? 'warning' : 'error',
        ),
      );
    }
  }
  const script = `${folder}/${name}.js`;
  if (language === 'javascript' && files.paths.includes(script)) findings.push(...checkEs5(files.read(script), script));
  return findings;
}

/** XSOAR takes such names, and older packs have them; new ones should not. */
function oddName(path: string, name: string): Finding {
  return finding(path, 'file-name', `"${name}" is not in PascalCase.`, 'Name it like MyIntegration.', 'warning');
}

function finding(file: string, rule: RuleId, message: string, mend: string, severity: Severity = 'error'): Finding {
  return { file, line: 1, place: '', rule, severity, message, mend };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
