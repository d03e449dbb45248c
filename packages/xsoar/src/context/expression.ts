import { type CallExpression, type Expression, type Literal, type MemberExpression, parseExpressionAt } from 'acorn';
import { ContextError, UnsupportedExpression } from './json.ts';

/** A small part of JavaScript, as it stands in selectors and mutators of DT. */
export type Formula =
  | { readonly kind: 'constant'; readonly value: null | boolean | number | string | undefined }
  | { readonly kind: 'variable'; readonly name: 'val' | 'obj' }
  | { readonly kind: 'member'; readonly of: Formula; readonly key: Formula }
  | { readonly kind: 'method'; readonly of: Formula; readonly name: string; readonly args: readonly Formula[] }
  | { readonly kind: 'function'; readonly name: string; readonly args: readonly Formula[] }
  | { readonly kind: 'prefix'; readonly sign: string; readonly of: Formula }
  | { readonly kind: 'infix'; readonly sign: string; readonly left: Formula; readonly right: Formula }
  | { readonly kind: 'choice'; readonly test: Formula; readonly yes: Formula; readonly no: Formula }
  | { readonly kind: 'list'; readonly items: readonly Formula[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Formula])[] };

const LONGEST = 10_000;
const DEEPEST = 1_000;

/** Methods of texts, lists and numbers that a formula may call. */
export const METHODS: ReadonlySet<string> = new Set([
  'charAt',
  'concat',
  'endsWith',
  'includes',
  'indexOf',
  'join',
  'lastIndexOf',
  'replace',
  'slice',
  'split',
  'startsWith',
  'substr',
  'substring',
  'toFixed',
  'toLowerCase',
  'toString',
  'toUpperCase',
  'trim',
]);

/** Functions that a formula may call. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  'Boolean',
  'JSON.parse',
  'JSON.stringify',
  'Number',
  'String',
  'parseFloat',
  'parseInt',
]);

const PREFIXES: ReadonlySet<string> = new Set(['!', '-', '+', 'typeof']);
const INFIXES: ReadonlySet<string> = new Set('&& || == != === !== < <= > >= + - * / %'.split(' '));

/**
 * Reads a formula. Nothing of it is ever run as JavaScript: what is not in this small part of the language is refused by name.
 * @throws UnsupportedExpression, and ContextError where it is too long or too deep.
 */
export function parseFormula(text: string): Formula {
  if (text.length > LONGEST) throw new ContextError(`An expression is longer than ${LONGEST} characters.`);
  try {
    // In parentheses, so that an object can stand at the beginning and what follows the expression is an error.
    return formulaOf(parseExpressionAt(`(${text}\n)`, 0, { ecmaVersion: 2020 }), text);
  } catch (error) {
    if (error instanceof ContextError) throw error;
    if (error instanceof RangeError || String(error).includes('stack space'))
      throw new ContextError('An expression is nested too deep.');
    throw new UnsupportedExpression(`"${shorten(text)}" is not an expression: ${reasonOf(error)}.`);
  }
}

function formulaOf(node: Expression, text: string, depth = 0): Formula {
  if (depth > DEEPEST) throw new ContextError('An expression is nested too deep.');
  const inner = (of: Expression) => formulaOf(of, text, depth + 1);
  const refuse = (what: string) =>
    new UnsupportedExpression(`"${shorten(text)}" uses ${what}, which is not supported in DT here.`);
  switch (node.type) {
    case 'Literal':
      return { kind: 'constant', value: constantOf(node, refuse) };
    case 'Identifier':
      if (node.name === 'undefined') return { kind: 'constant', value: undefined };
      if (node.name === 'val' || node.name === 'obj') return { kind: 'variable', name: node.name };
      throw refuse(`the name ${node.name}`);
    case 'ParenthesizedExpression':
      return inner(node.expression);
    case 'MemberExpression':
      return { kind: 'member', of: objectOf(node, inner, refuse), key: keyOf(node, inner, refuse) };
    case 'CallExpression':
      return callOf(node, inner, refuse);
    case 'UnaryExpression':
      if (!PREFIXES.has(node.operator)) throw refuse(node.operator);
      return { kind: 'prefix', sign: node.operator, of: inner(node.argument) };
    case 'BinaryExpression':
    case 'LogicalExpression':
      if (!INFIXES.has(node.operator) || node.left.type === 'PrivateIdentifier') throw refuse(node.operator);
      return { kind: 'infix', sign: node.operator, left: inner(node.left), right: inner(node.right) };
    case 'ConditionalExpression':
      return { kind: 'choice', test: inner(node.test), yes: inner(node.consequent), no: inner(node.alternate) };
    case 'ArrayExpression':
      return {
        kind: 'list',
        items: node.elements.map((item) => {
          if (item === null || item.type === 'SpreadElement') throw refuse('a list with holes or ...');
          return inner(item);
        }),
      };
    case 'ObjectExpression':
      return {
        kind: 'object',
        members: node.properties.map((property) => {
          if (property.type === 'SpreadElement' || property.kind !== 'init' || property.computed || property.method) {
            throw refuse('an object with more than plain members');
          }
          const { key } = property;
          if (key.type === 'Identifier') return [key.name, inner(property.value)];
          if (key.type === 'Literal') return [String(key.value), inner(property.value)];
          throw refuse('an object with more than plain members');
        }),
      };
    default:
      throw refuse(NAMES[node.type] ?? node.type);
  }
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowFunctionExpression: 'a function',
  AssignmentExpression: 'an assignment',
  FunctionExpression: 'a function',
  NewExpression: 'new',
  SequenceExpression: 'several expressions',
  TemplateLiteral: 'a template text',
  ThisExpression: 'this',
  UpdateExpression: 'an assignment',
};

type Refuse = (what: string) => ContextError;

function constantOf(node: Literal, refuse: Refuse): null | boolean | number | string {
  const { value } = node;
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
    if (node.regex === undefined) return value;
  }
  throw refuse(node.regex === undefined ? 'a big number' : 'a regular expression');
}

function objectOf(node: MemberExpression, inner: (of: Expression) => Formula, refuse: Refuse): Formula {
  if (node.object.type === 'Super') throw refuse('super');
  return inner(node.object);
}

function keyOf(node: MemberExpression, inner: (of: Expression) => Formula, refuse: Refuse): Formula {
  if (node.property.type === 'PrivateIdentifier') throw refuse(`the name #${node.property.name}`);
  if (!node.computed && node.property.type === 'Identifier') return { kind: 'constant', value: node.property.name };
  return inner(node.property);
}

function callOf(node: CallExpression, inner: (of: Expression) => Formula, refuse: Refuse): Formula {
  const args = node.arguments.map((argument) => {
    if (argument.type === 'SpreadElement') throw refuse('...');
    return inner(argument);
  });
  const { callee } = node;
  if (callee.type === 'Identifier') {
    if (!FUNCTIONS.has(callee.name)) throw refuse(`the function ${callee.name}`);
    return { kind: 'function', name: callee.name, args };
  }
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier')
    throw refuse('a computed call');
  const { name } = callee.property;
  if (callee.object.type === 'Identifier' && callee.object.name === 'JSON') {
    if (!FUNCTIONS.has(`JSON.${name}`)) throw refuse(`the function JSON.${name}`);
    return { kind: 'function', name: `JSON.${name}`, args };
  }
  if (!METHODS.has(name)) throw refuse(`the method ${name}`);
  return { kind: 'method', of: objectOf(callee, inner, refuse), name, args };
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(\d+:\d+\)$/, '').toLowerCase();
}
