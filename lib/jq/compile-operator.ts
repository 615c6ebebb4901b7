/** Operators on values and the update assignments made from them. */
import type { BinaryOperator, UpdateOperator } from './ast.ts';
import { truthy } from './json.ts';
import type { Json } from './json.ts';
import type { Machine, Node } from './machine.ts';
import { callNative } from './node-native.ts';
import type { Combine } from './node-update.ts';
import { assign, updateBy, updateWith } from './node-update.ts';
import { add, divide, multiply, remainder, subtract } from './operators.ts';
import { compareValues, equalValues } from './order.ts';

type Operate = (machine: Machine, left: Json, right: Json) => Json;

const OPERATORS: Record<BinaryOperator, Operate> = {
  '+': (machine, left, right) => add(left, right, machine.meter),
  '-': (machine, left, right) => subtract(left, right, machine.meter),
  '*': (machine, left, right) => multiply(left, right, machine.meter),
  '/': (machine, left, right) => divide(left, right, machine.meter),
  '%': (_machine, left, right) => remainder(left, right),
  '==': (machine, left, right) => equalValues(left, right, machine.meter),
  '!=': (machine, left, right) => !equalValues(left, right, machine.meter),
  '<': (machine, left, right) => order(machine, left, right) < 0,
  '<=': (machine, left, right) => order(machine, left, right) <= 0,
  '>': (machine, left, right) => order(machine, left, right) > 0,
  '>=': (machine, left, right) => order(machine, left, right) >= 0,
};

function order(machine: Machine, left: Json, right: Json): number {
  // NaN takes the long way: it is below every number, itself too.
  if (typeof left === 'number' && typeof right === 'number' && left - right === left - right)
    return left - right;
  return compareValues(left, right, machine.meter);
}

/** `left operator right`; of several outputs the left operand varies fastest. */
export function compileOperator(operator: BinaryOperator, left: Node, right: Node): Node {
  const operate = OPERATORS[operator];
  return callNative((machine, _input, a, b) => operate(machine, a, b), [left, right]);
}

/** What the assignments compute from the old value and the right side; `|=` is not among them. */
export const COMBINE: Record<Exclude<UpdateOperator, '|='>, Combine> = {
  '=': (_machine, _old, value) => value,
  '//=': (_machine, old, value) => (truthy(old) ? old : value),
  '+=': OPERATORS['+'],
  '-=': OPERATORS['-'],
  '*=': OPERATORS['*'],
  '/=': OPERATORS['/'],
  '%=': OPERATORS['%'],
};

/** `target operator value` for `=`, `|=`, `//=` and the arithmetic updates. */
export function compileUpdate(operator: UpdateOperator, target: Node, value: Node): Node {
  if (operator === '|=') return updateWith(target, value);
  return operator === '=' ? assign(target, value) : updateBy(target, value, COMBINE[operator]);
}
