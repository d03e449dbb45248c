import type { AppJob } from '@verdict/client/browser';

/** What the states of a use case mean to people. */
export const STATUS_WORDS: Readonly<Record<string, { readonly word: string; readonly color: string; readonly means: string }>> = {
  ENABLED: { word: 'running', color: 'teal', means: 'Takes alerts and decides' },
  DISABLED: { word: 'stopped', color: 'gray', means: 'Refuses alerts until it is started' },
  READY_TO_SELECT_FEATURES: {
    word: 'choose decision points',
    color: 'yellow',
    means: 'Takes alerts; it can learn once decision points are chosen',
  },
};

/** Whether it takes alerts. */
export function isRunning(job: AppJob): boolean {
  return job.status !== 'DISABLED';
}
