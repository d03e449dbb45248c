/**
 * A reporter for Vitest that writes down which test files were cut off because V8 itself brought their process down (SIGTRAP: one of its own
 * checks failed), into the file that VERDICT_TEST_CRASHES names, a line each.
 */
import { writeFileSync } from 'node:fs';

const CUT_OFF = /exited unexpectedly with signal SIGTRAP .*while running test file (.+)$/;

export default class {
  onTestRunEnd(_modules, errors) {
    const files = errors.flatMap((error) => CUT_OFF.exec(error.cause?.message ?? error.message)?.[1] ?? []);
    writeFileSync(process.env.VERDICT_TEST_CRASHES, files.join('\n'));
  }
}
