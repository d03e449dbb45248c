import { parse } from 'yaml';
import { drawPlaybook } from '../playbook-picture/draw.ts';
import { graphOf } from '../playbook-picture/graph.ts';
import { dashboardJson } from './dashboard.ts';
import { cliName, INCIDENT_FIELDS, incidentFieldJson } from './incident-fields.ts';
import { integrationYml, scriptYml } from './integration-yml.ts';
import { packMetadata, uploadMetadata } from './metadata.ts';
import { INTEGRATION, PACK_VERSION } from './names.ts';
import { logo } from './picture.ts';
import { playbookYml } from './playbook-yml.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import type { PlaybookSource } from './playbooks/task.ts';
import { SCRIPTS } from './scripts.ts';
import * as texts from './texts.ts';
import { jsonText, yamlText } from './yaml-text.ts';

/** Files by their path, with forward slashes. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** The code of the integration (under its name) and of the scripts (under theirs), as ES5.1 text. */
export type Code = Readonly<Record<string, string>>;

/** Which entry below `src/script` becomes the code under which name. */
export const ENTRIES: Readonly<Record<string, string>> = {
  [INTEGRATION]: 'integration',
  ...Object.fromEntries(SCRIPTS.map(({ name, source }) => [name, source])),
};

/** The name of the archive. */
export const ARCHIVE = `verdict-pack-${PACK_VERSION}.zip`;

const RELEASE_NOTES = `ReleaseNotes/${PACK_VERSION.replaceAll('.', '_')}.md`;

/** The content tree: what a repository of packs holds, each thing in files of its own. */
export function contentTree(code: Code): Files {
  const home = `Integrations/${INTEGRATION}/${INTEGRATION}`;
  return files([
    ['pack_metadata.json', jsonText(packMetadata())],
    ['README.md', texts.packReadme()],
    ['.pack-ignore', ''],
    ['.secrets-ignore', 'https://verdict.example.com:9666\nverdict.example.com\n'],
    [`${home}.js`, codeOf(code, INTEGRATION)],
    [`${home}.yml`, yamlText(integrationYml('-'))],
    [`${home}_description.md`, texts.integrationDescription()],
    [`${home}_image.png`, logo()],
    [`Integrations/${INTEGRATION}/README.md`, texts.integrationReadme()],
    [`Integrations/${INTEGRATION}/command_examples`, texts.commandExamples()],
    ...SCRIPTS.flatMap((script): Named[] => {
      const place = `Scripts/${script.name}/${script.name}`;
      return [
        [`${place}.js`, codeOf(code, script.name)],
        [`${place}.yml`, yamlText(scriptYml(script, '-'))],
        [`Scripts/${script.name}/README.md`, texts.scriptReadme(script)],
      ];
    }),
    ...PLAYBOOKS.flatMap(playbookFiles),
    ...INCIDENT_FIELDS.map(
      (field): Named => [`IncidentFields/incidentfield-${fileName(field.name)}.json`, jsonText(incidentFieldJson(field))],
    ),
    ['Dashboards/dashboard-Verdict.json', jsonText(dashboardJson())],
    [RELEASE_NOTES, texts.releaseNotes()],
  ]);
}

/** The unified form that XSOAR takes in an upload: code, image and description inside of the yml. */
export function uploadFiles(code: Code): Files {
  const integration = {
    ...integrationYml(codeOf(code, INTEGRATION)),
    image: `data:image/png;base64,${logo().toString('base64')}`,
    detaileddescription: texts.integrationDescription(),
  };
  return files([
    ['metadata.json', jsonText(uploadMetadata())],
    ['README.md', texts.packReadme()],
    [`Integrations/integration-${INTEGRATION}.yml`, yamlText(integration)],
    ...SCRIPTS.map(
      (script): Named => [`Scripts/script-${script.name}.yml`, yamlText(scriptYml(script, codeOf(code, script.name)))],
    ),
    ...PLAYBOOKS.filter(({ isTest }) => !isTest).map(
      (source): Named => [`Playbooks/playbook-${fileName(source.name)}.yml`, yamlText(playbookYml(source))],
    ),
    ...INCIDENT_FIELDS.map(
      (field): Named => [`IncidentFields/incidentfield-${cliName(field)}.json`, jsonText(incidentFieldJson(field))],
    ),
    ['Dashboards/dashboard-Verdict.json', jsonText(dashboardJson())],
    [RELEASE_NOTES, texts.releaseNotes()],
  ]);
}

type Named = readonly [path: string, content: string | Uint8Array];

function playbookFiles(source: PlaybookSource): Named[] {
  const yml = yamlText(playbookYml(source));
  const name = fileName(source.name);
  if (source.isTest) return [[`TestPlaybooks/playbook-${name}.yml`, yml]];
  const picture = `doc_files/${name}.svg`;
  return [
    [`Playbooks/playbook-${name}.yml`, yml],
    [`Playbooks/playbook-${name}_README.md`, texts.playbookReadme(source, `../${picture}`)],
    // Drawn from the text that XSOAR gets, so that the picture cannot show another playbook.
    [picture, drawPlaybook(graphOf(parse(yml)))],
  ];
}

/** `Verdict - Close feedback` → `Verdict_-_Close_feedback`, as XSOAR’s own tools name files. */
function fileName(name: string): string {
  return name.replaceAll(' ', '_');
}

function codeOf(code: Code, name: string): string {
  const text = code[name];
  if (text === undefined) throw new Error(`The pack needs the code of ${name}, and the bundler did not make it.`);
  return text;
}

function files(named: readonly Named[]): Files {
  const sorted = [...named].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([path, content]) => [path, typeof content === 'string' ? Buffer.from(content) : content]));
}
