import { Findings } from './check-items.ts';
import type { Finding } from './finding.ts';
import { dataAt, isThere, type PackDocument, textAt } from './pack-files.ts';

const KEYS = [
  'name',
  'description',
  'support',
  'currentVersion',
  'author',
  'url',
  'email',
  'created',
  'categories',
  'tags',
  'useCases',
  'keywords',
  'marketplaces',
];
const LISTS: ReadonlySet<string> = new Set(['categories', 'tags', 'useCases', 'keywords', 'marketplaces']);
const SUPPORT = ['xsoar', 'partner', 'developer', 'community'];

/**
 * Checks `pack_metadata.json` against the release notes that are there.
 * @param notes names of the files in `ReleaseNotes`; undefined where none are expected.
 */
export function checkMetadata(document: PackDocument, notes: readonly string[] | undefined): Finding[] {
  const findings = new Findings(document);
  const { data } = document;
  for (const key of KEYS) {
    // Community packs have neither address nor mail of a support.
    if ((key === 'url' || key === 'email') && ['community', 'xsoar'].includes(textAt(data, 'support'))) continue;
    if (!isThere(data, key))
      findings.add(
        'metadata-keys',
        [key],
        `The key ${key} is missing.`,
        `Add ${key}${LISTS.has(key) ? ' (a list)' : ''}.`,
        // Packs from before there were several marketplaces have none.
        key === 'marketplaces' ? 'warning' : 'error',
      );
    else if (LISTS.has(key) && !Array.isArray(dataAt(data, key)))
      findings.add('metadata-keys', [key], `${key} is not a list.`, 'Make it a list.');
    else if (!LISTS.has(key) && textAt(data, key).trim() === '')
      findings.add('metadata-keys', [key], `${key} is empty.`, `Fill in ${key}.`);
  }
  if (isThere(data, 'support') && !SUPPORT.includes(textAt(data, 'support'))) {
    findings.add('metadata-keys', ['support'], `support is "${textAt(data, 'support')}".`, `Use one of ${SUPPORT.join(', ')}.`);
  }
  const version = textAt(data, 'currentVersion');
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    findings.add(
      'metadata-version',
      ['currentVersion'],
      `currentVersion is "${version}".`,
      'Write three numbers with dots, like 1.0.0.',
    );
    return findings.found;
  }
  if (notes === undefined) return findings.found;
  const versions = notes
    .map((name) => name.replace(/\.(md|json)$/, '').replaceAll('_', '.'))
    .filter((one) => /^\d+\.\d+\.\d+$/.test(one));
  if (version !== '1.0.0' && !versions.includes(version)) {
    findings.add(
      'release-notes',
      ['currentVersion'],
      `There are no release notes of ${version}.`,
      `Write ReleaseNotes/${version.replaceAll('.', '_')}.md.`,
    );
  }
  for (const newer of new Set(versions.filter((one) => compareVersions(one, version) > 0))) {
    findings.add(
      'release-notes',
      ['currentVersion'],
      `There are release notes of ${newer}, which is newer than currentVersion.`,
      `Set currentVersion to ${newer}, or remove them.`,
    );
  }
  return findings.found;
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)];
  const index = a.findIndex((part, at) => part !== b[at]);
  return index === -1 ? 0 : a[index]! - b[index]!;
}
