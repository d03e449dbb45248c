/** What other packages use of the XSOAR side. */
export * from './context/index.ts';
export { PackNotBuilt, packArchive, packFolder } from './pack/pack-folder.ts';
export * from './sandbox/index.ts';
export * from './war-room/index.ts';
