import type { Ask } from './host.ts';

/**
 * The answer that was given ahead for what is asked: under `TASK.QUESTION`, else `TASK`, each by name or id of the task.
 * @returns undefined where there is none.
 */
export function answerFor(ask: Ask, answers: ReadonlyMap<string, string>): string | undefined {
  const tasks = [ask.task.name, ask.task.id].filter((name) => name !== '');
  const names = [...(ask.question === undefined ? [] : tasks.map((task) => `${task}.${ask.question}`)), ...tasks];
  return names.map((name) => answers.get(name)).find((answer) => answer !== undefined);
}
