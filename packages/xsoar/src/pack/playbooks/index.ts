import { CLOSE_FEEDBACK } from './close-feedback.ts';
import { RESEND_FEEDBACK } from './resend-feedback.ts';
import { RETRAIN } from './retrain.ts';
import type { PlaybookSource } from './task.ts';
import { TEST } from './test.ts';
import { TRIAGE } from './triage.ts';

/** All the playbooks of the pack, in the order in which its README names them. */
export const PLAYBOOKS: readonly PlaybookSource[] = [TRIAGE, CLOSE_FEEDBACK, RETRAIN, RESEND_FEEDBACK, TEST];
