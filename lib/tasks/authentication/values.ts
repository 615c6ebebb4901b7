/** The members of a scheme, read for one request: from the definition, or from the secret that it names. */
import { member } from '../../engine/json.ts';
import type { WorkflowError } from '../../engine/errors.ts';
import type { Json } from '../types.ts';
import type { AuthenticationContext, Caller } from './types.ts';

export interface Values {
  /** All of them: an object, or whatever a secret holds. */
  readonly all: Json;
  /** @throws {WorkflowError} of type configuration when there is none, expression when it is not text */
  text(path: string): string;
  /** null when there is none. @throws {WorkflowError} when it is not text */
  optionalText(path: string): string | null;
  /** Empty when there are none. @throws {WorkflowError} when it is not an array of texts */
  texts(path: string): string[];
}

/**
 * @param scheme its name in the language, for messages
 * @param node the members, or `{ use: <name of a secret> }`. What a secret holds is data and is never evaluated.
 */
export function compileValues(
  scheme: string,
  node: Json,
  context: AuthenticationContext,
): (caller: Caller) => Values {
  const secret = member(node, 'use');
  if (typeof secret === 'string') {
    const source = `The secret "${secret}" for ${scheme} authentication`;
    return (caller) => valuesOf(caller, caller.secret(secret), source, 'configuration');
  }
  const template = context.template(node);
  return (caller) =>
    valuesOf(caller, caller.evaluate(template), `The ${scheme} authentication`, 'expression');
}

/** @param wrongType the error for a value of the wrong type: an expression gave it, or the secret is at fault */
function valuesOf(
  caller: Caller,
  all: Json,
  source: string,
  wrongType: 'configuration' | 'expression',
): Values {
  const isNot = (path: string, what: string): WorkflowError =>
    caller.fail(wrongType, `${source}: \`${path}\` is not ${what}.`);
  return {
    all,
    text(path) {
      const value = at(all, path);
      if (value === undefined) throw caller.fail('configuration', `${source} has no \`${path}\`.`);
      if (typeof value !== 'string') throw isNot(path, 'text');
      return value;
    },
    optionalText(path) {
      const value = at(all, path) ?? null;
      if (value !== null && typeof value !== 'string') throw isNot(path, 'text');
      return value;
    },
    texts(path) {
      const value = at(all, path) ?? [];
      if (!Array.isArray(value)) throw isNot(path, 'an array of texts');
      return value.map((item) => {
        if (typeof item !== 'string') throw isNot(path, 'an array of texts');
        return item;
      });
    },
  };
}

/** @param path member names with dots between: `client.id` */
function at(value: Json, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((inner, name) => member(inner, name), value);
}
