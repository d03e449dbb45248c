import type { ArgumentsByName, CommandName } from '../pack/commands.ts';
import { sendBulk } from './bulk-command.ts';
import { exportEvent, getDecision, getEventStatus, sendEvent } from './event-commands.ts';
import { explain } from './explain-command.ts';
import { getFeedbackField, mapCloseReason, sendFeedback } from './feedback-commands.ts';
import { getHealth, testModule } from './health-commands.ts';
import { getDecisionSet, getDefaultJob, getJobs, setDefaultJob, triggerTrain } from './job-commands.ts';
import { type Entry, type Fields, fail, givenArguments, givenCommand } from './platform.ts';
import { textOf } from './values.ts';

/** The integration: runs the command that XSOAR names. */
export function run(): Entry | string {
  const name = givenCommand();
  return name === 'test-module' ? testModule() : runNamed(name as CommandName, givenArguments());
}

function runNamed(name: CommandName, given: Fields): Entry {
  switch (name) {
    case 'arcanna-get-jobs':
      return getJobs();
    case 'arcanna-send-event':
      return sendEvent(checked(name, given, ['event_json', 'title']));
    case 'arcanna-get-event-status':
      return getEventStatus(checked(name, given, ['event_id']));
    case 'arcanna-get-decision-set':
      return getDecisionSet(checked(name, given, []));
    case 'arcanna-send-event-feedback':
      return sendFeedback(checked(name, given, ['event_id', 'username']));
    case 'arcanna-trigger-train':
      return triggerTrain(checked(name, given, ['username']));
    case 'arcanna-export-event':
      return exportEvent(checked(name, given, ['event_id']));
    case 'arcanna-get-default-job-id':
      return getDefaultJob();
    case 'arcanna-set-default-job-id':
      return setDefaultJob(checked(name, given, ['job_id']));
    case 'arcanna-send-bulk-events':
      return sendBulk(checked(name, given, ['events']));
    case 'arcanna-get-feedback-field':
      return getFeedbackField();
    case 'verdict-get-decision':
      return getDecision(checked(name, given, ['event_json', 'title']));
    case 'verdict-explain':
      return explain(checked(name, given, ['event_id']));
    case 'verdict-get-health':
      return getHealth(checked(name, given, []));
    case 'verdict-map-close-reason':
      return mapCloseReason(checked(name, given, ['close_reason']));
    default:
      return fail(`The integration Verdict has no command ${String(name)}.`);
  }
}

/** The arguments of a command, with the required ones there; `job_id` is not among them, because the instance may have a default. */
function checked<Name extends CommandName>(
  _name: Name,
  given: Fields,
  needed: readonly (keyof ArgumentsByName[Name] & string)[],
): ArgumentsByName[Name] {
  needed.forEach((name) => {
    const value = given[name];
    if (value === undefined || value === null || (typeof value === 'string' && textOf(value, name) === '')) {
      fail(`${name} is empty: give it.`);
    }
  });
  return given as ArgumentsByName[Name];
}
