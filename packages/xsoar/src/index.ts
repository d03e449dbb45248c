/** What other packages use of the XSOAR side. */
export * from './context/index.ts';
export * from './sandbox/index.ts';
