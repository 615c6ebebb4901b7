/** The three ways in which a program fails, and the light signal that carries a jq error inside an evaluation. */
import type { Json } from './json.ts';
import { textUpTo } from './json-text.ts';

/** The program does not compile. `offset` counts UTF-16 units from 0, `line` and `column` count from 1. */
export class JqSyntaxError extends Error {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  constructor(message: string, source: string, offset: number) {
    const before = source.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    super(`${message} at line ${line}, column ${column}`);
    this.name = 'JqSyntaxError';
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}

/** Longest message of an uncaught error, in UTF-16 units; `error` takes values of any size. */
const MAX_MESSAGE_LENGTH = 600;

function messageOf(value: Json): string {
  const text = typeof value === 'string' ? value : textUpTo(value, MAX_MESSAGE_LENGTH + 1);
  const suffix = typeof value === 'string' ? '' : ' (not a string)';
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text + suffix;
}

/**
 * An uncaught jq error; `value` is what `error` was given, within the limits of an output. The message is jq's text
 * for it, cut after 600 UTF-16 units.
 */
export class JqError extends Error {
  readonly value: Json;
  constructor(value: Json) {
    super(messageOf(value));
    this.name = 'JqError';
    this.value = value;
  }
}

export type LimitName = 'steps' | 'bytes' | 'depth' | 'outputs' | 'time';

/** A budget of the evaluation ran out. jq's `try` cannot catch it. */
export class JqLimitError extends Error {
  readonly limit: LimitName;
  constructor(limit: LimitName, maximum: number, options?: ErrorOptions) {
    super(`the expression exceeds its limit of ${maximum} ${UNITS[limit]}`, options);
    this.name = 'JqLimitError';
    this.limit = limit;
  }
}

const UNITS: Record<LimitName, string> = {
  steps: 'steps',
  bytes: 'bytes of memory',
  depth: 'levels of nesting',
  outputs: 'outputs',
  time: 'milliseconds',
};

/**
 * A jq error on its way to the nearest `try`. An Error by prototype only: jq programs throw in loops, and
 * capturing a stack each time would cost more than the rest of the evaluation.
 */
export class JqThrow {
  readonly value: Json;
  constructor(value: Json) {
    this.value = value;
  }
}
Object.setPrototypeOf(JqThrow.prototype, Error.prototype);

/** Raises a jq error whose value is `message`. */
export function fail(message: string): never {
  throw new JqThrow(message);
}
