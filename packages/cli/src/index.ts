/** The command `verdict` as a library: for tests and whoever wraps it. */
export type { Io } from './io.ts';
export { run } from './program.ts';
