import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { draftPlaybook, isText, type TaskDraft } from '../playbook/testing.ts';

/** The files of a pack by path: texts as they are, anything else as JSON (which is YAML too). */
export type PackDraft = Record<string, unknown>;

/** Any part of a draft that a test changes; items of lists are named by their number. */
export interface Part {
  [key: string]: Part;
}

/** A small pack of which nothing is to be said. A new one each time, to be spoiled. */
export function goodPack(): PackDraft {
  return {
    'pack_metadata.json': {
      name: 'Sample',
      description: 'A pack for tests',
      support: 'partner',
      currentVersion: '1.0.1',
      author: 'Somebody',
      url: 'https://example.com',
      email: 'somebody@example.com',
      created: '2026-01-01T00:00:00Z',
      categories: ['Case Management'],
      tags: [],
      useCases: [],
      keywords: [],
      marketplaces: ['xsoar'],
    },
    'README.md': '# Sample\n',
    '.pack-ignore': '',
    '.secrets-ignore': '',
    'ReleaseNotes/1_0_1.md': 'Mended.\n',
    'Integrations/Sample/Sample.js': 'switch (command) { case "test-module": return "ok"; }\n',
    'Integrations/Sample/Sample_description.md': 'How to set it up.\n',
    'Integrations/Sample/Sample_image.png': '',
    'Integrations/Sample/README.md': '# Sample\n',
    'Integrations/Sample/Sample.yml': {
      commonfields: { id: 'Sample', version: -1 },
      name: 'Sample',
      display: 'Sample',
      category: 'Case Management',
      description: 'Speaks to the sample.',
      configuration: [
        { name: 'url', display: 'Server URL', type: 0, required: true },
        { name: 'credentials', display: '', displaypassword: 'API key', hiddenusername: true, type: 9, required: true },
        { name: 'insecure', display: 'Trust any certificate (not secure)', type: 8, required: false },
        { name: 'proxy', display: 'Use system proxy settings', type: 8, required: false },
      ],
      script: {
        type: 'javascript',
        script: '-',
        commands: [
          {
            name: 'sample-get',
            description: 'Gets a sample.',
            arguments: [{ name: 'id', required: true, description: 'Its id.' }],
            outputs: [
              { contextPath: 'Sample.id', type: 'String', description: 'Its id.' },
              { contextPath: 'Sample.state', type: 'String', description: 'How it is.' },
            ],
          },
        ],
      },
      fromversion: '5.5.0',
    },
    'Scripts/SampleScript/SampleScript.js': 'return args.value;\n',
    'Scripts/SampleScript/README.md': '# SampleScript\n',
    'Scripts/SampleScript/SampleScript.yml': {
      commonfields: { id: 'SampleScript', version: -1 },
      name: 'SampleScript',
      comment: 'Says what it is given.',
      script: '-',
      type: 'javascript',
      args: [{ name: 'value', description: 'What to say.' }],
      outputs: [{ contextPath: 'Said', type: 'String', description: 'What it said.' }],
      fromversion: '5.5.0',
    },
    'IncidentFields/incidentfield-Sample_State.json': {
      id: 'incident_samplestate',
      name: 'Sample State',
      cliName: 'samplestate',
      type: 'shortText',
      group: 0,
      version: -1,
      fromVersion: '5.5.0',
    },
    'Dashboards/dashboard-Sample.json': {
      id: 'Sample',
      name: 'Sample',
      version: -1,
      fromVersion: '5.5.0',
      layout: [{ id: 'one' }],
    },
    'Playbooks/playbook-Sample.yml': JSON.parse(
      draftPlaybook(GOOD_TASKS, {
        name: 'Sample',
        id: 'Sample',
        inputs: [{ key: 'id', value: { simple: '${incident.id}' }, required: false, description: 'Which one.' }],
        outputs: [{ contextPath: 'Sample.state', description: 'How it is.' }],
      }),
    ),
  };
}

const GOOD_TASKS: Readonly<Record<string, TaskDraft>> = {
  '0': { type: 'start', name: '', next: ['1'] },
  '1': {
    command: 'sample-get',
    args: { id: '${inputs.id}' },
    next: { '#none#': ['2'], '#error#': ['4'] },
    continueonerror: true,
    continueonerrortype: 'errorPath',
  },
  '2': {
    type: 'condition',
    name: 'Well?',
    conditions: [
      {
        label: 'yes',
        condition: isText('Sample.state', 'well'),
      },
    ],
    next: { yes: ['3'], '#default#': ['4'] },
  },
  '3': { script: 'SampleScript', args: { value: 'It is ${Sample.state}' }, next: ['5'] },
  '4': { script: 'AssignAnalystToIncident', next: ['5'] },
  '5': { type: 'title', name: 'Done' },
};

/** Writes a pack into a new folder, which the caller removes. */
export function writePack(draft: PackDraft): string {
  const folder = mkdtempSync(join(tmpdir(), 'pack-check-'));
  for (const [path, content] of Object.entries(draft)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  }
  return folder;
}
