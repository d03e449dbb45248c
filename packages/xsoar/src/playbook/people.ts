import { type Json, type JsonObject, setPath, textOf } from '../context/index.ts';
import { evaluateValue, scopeOf } from './evaluate-value.ts';
import type { Ask, Frame } from './host.ts';
import type { Form, Question, Task } from './model.ts';
import { listOfArgument } from './values.ts';
import { labelAmong, type Outcome } from './work.ts';

/** Nobody answered; the run waits here. */
export class WaitsForPerson extends Error {
  override readonly name = 'WaitsForPerson';
}

/** An answer that is not among those to choose from. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/**
 * Asks all questions of a form. The answers stand in the context as XSOAR puts them: `<title>.Answers.<question>`, and `.Answers.name` for who gave them.
 * @throws WaitsForPerson, WrongAnswer.
 */
export async function collect(task: Task, form: Form, frame: Frame): Promise<Outcome> {
  const answers: Record<string, Json> = {};
  for (const question of form.questions) {
    const answer = await askQuestion(task, question, frame);
    if (answer !== undefined) answers[question.id] = answer;
  }
  const title = (form.title || task.name).replaceAll(/[.\\[\](=]/g, (character) => `\\${character}`);
  frame.memory.context = setPath(frame.memory.context, `${title}.Answers`, { ...answers, name: frame.shared.host.analyst });
  return {
    output: Object.entries(answers)
      .map(([id, answer]) => `${id}: ${textOf(answer)}`)
      .join('\n'),
  };
}

/**
 * Asks which branch of a condition to take.
 * @throws WaitsForPerson, WrongAnswer.
 */
export async function chooseBranch(task: Task, labels: readonly string[], frame: Frame): Promise<Outcome> {
  const ask: Ask = { task, question: undefined, text: task.name, options: labels, several: false, required: true };
  const answer = await frame.shared.host.ask(ask);
  if (answer === undefined) throw new WaitsForPerson(`a person has to choose among ${labels.join(', ')}`);
  const label = labelAmong(task, answer);
  if (label === undefined) throw new WrongAnswer(`"${answer}" is none of ${labels.join(', ')}`);
  return { output: answer, label };
}

/**
 * Waits until a person says that a task without a script is done.
 * @throws WaitsForPerson.
 */
export async function waitForPerson(task: Task, frame: Frame): Promise<Outcome> {
  const ask: Ask = {
    task,
    question: undefined,
    text: task.description || task.name,
    options: [],
    several: false,
    required: false,
  };
  const answer = await frame.shared.host.ask(ask);
  if (answer === undefined) throw new WaitsForPerson('a person has to do it');
  return { output: answer };
}

async function askQuestion(task: Task, question: Question, frame: Frame): Promise<Json | undefined> {
  const scope: JsonObject = scopeOf(frame);
  const options = question.options.flatMap((option) => listOfArgument(evaluateValue(option, scope))).map(textOf);
  const several = /multi/i.test(question.type);
  const text = textOf(evaluateValue(question.label, scope)) || task.name;
  const answer = await frame.shared.host.ask({
    task,
    question: question.id,
    text,
    options,
    several,
    required: question.required,
  });
  if (answer === undefined || (answer === '' && question.required)) throw new WaitsForPerson(`a person has to answer "${text}"`);
  if (answer === '') return undefined;
  const given = several ? answer.split(',').map((one) => one.trim()) : [answer];
  const chosen = given.map((one) => {
    if (options.length === 0) return one;
    const option = options.find((each) => each === one) ?? options.find((each) => each.toLowerCase() === one.toLowerCase());
    if (option === undefined) throw new WrongAnswer(`"${one}" is none of ${options.join(', ')}`);
    return option;
  });
  return several ? chosen : chosen[0]!;
}
