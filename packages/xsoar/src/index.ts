/** What other packages use of the XSOAR side. */
export * from './context/index.ts';
export { PackNotBuilt, packArchive, packFolder } from './pack/pack-folder.ts';
export { checkPacks, type PackReport } from './pack-check/check-pack.ts';
export { type Finding, RULES, type RuleId, type Severity } from './pack-check/finding.ts';
export { NoPack } from './pack-check/pack-files.ts';
export * from './playbook/index.ts';
export * from './sandbox/index.ts';
export * from './war-room/index.ts';
