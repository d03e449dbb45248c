/** What other packages use of the XSOAR side. */
export { PackNotBuilt, packArchive, packFolder } from './pack/pack-folder.ts';
