/** Playbooks of Cortex XSOAR: read, run, drawn, tested. */
export { answerFor } from './answers.ts';
export { type Answered, type Ask, type Host, REAL_CLOCK } from './host.ts';
export { type Incident, incidentJson, incidentOf, incidentsOf, isClosed } from './incident.ts';
export type { Playbook } from './model.ts';
export { type PackHostOptions, packHost, playbookFinder } from './pack-host.ts';
export { drawRun } from './picture.ts';
export { PlaybookError, readPlaybook } from './read-playbook.ts';
export { type Recorder, recordCalls } from './record.ts';
export { type RunRequest, type RunResult, runPlaybook } from './runner.ts';
export { BadTest, type PlaybookTest, readPlaybookTest } from './test-file.ts';
export { type Difference, runPlaybookTest, type TestResult } from './test-run.ts';
export type { RunTrace, TaskTrace } from './trace.ts';
export { branchName, taskLine, treeOf } from './tree.ts';
export { ValueError } from './values.ts';
