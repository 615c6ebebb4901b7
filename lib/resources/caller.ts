/** What expressions and authentication are given when a version is published: secrets, and no run. */
import { standardError, WorkflowError } from '../engine/errors.ts';
import { compileTemplate, RUNTIME_VARIABLES, type Scope } from '../engine/expression.ts';
import { member } from '../engine/json.ts';
import type { HttpRequest, HttpResponse, Secrets, TokenCache } from '../engine/types.ts';
import type { Json } from '../jq/index.ts';
import type { AuthenticationContext, Caller } from '../tasks/authentication/index.ts';

type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

/**
 * @param pointer of the resource, for errors
 * @param tokens of this publication
 */
export function publisher(pointer: string, secrets: Secrets, send: Send, tokens: TokenCache): Caller {
  const fail: Caller['fail'] = (name, detail, members = {}) =>
    new WorkflowError(
      standardError(name, detail, pointer, members),
      'call',
      'cause' in members ? { cause: members.cause } : {},
    );
  const scope = scopeOf(pointer, secrets, fail);
  return {
    evaluate: (what) => what.evaluate(null, scope),
    secret(name) {
      const value = Object.hasOwn(secrets.values, name) ? secrets.values[name] : undefined;
      if (value === undefined) throw noSecret(fail, [name]);
      return value;
    },
    http: send,
    tokens,
    nowMs: Date.now,
    fail,
    authorized: () => undefined,
  };
}

/** Every variable exists, and all but `$secrets` are null: there is no run yet. */
function scopeOf(pointer: string, secrets: Secrets, fail: Caller['fail']): Scope {
  return {
    instance: pointer,
    limits: {},
    nowMs: Date.now,
    variable(name): Json {
      if (name !== 'secrets') return null;
      if (secrets.missing.length > 0) throw noSecret(fail, secrets.missing);
      return { ...secrets.values };
    },
  };
}

const noSecret = (fail: Caller['fail'], names: readonly string[]): WorkflowError =>
  fail('authorization', `The org has no secret ${names.map((name) => `"${name}"`).join(', ')}.`);

/** Compiles the authentication of a resource of this definition. */
export const authenticationContext = (pointer: string, definition: Json): AuthenticationContext => ({
  pointer,
  template: (value, locals = []) => compileTemplate(value, [...RUNTIME_VARIABLES, ...locals]),
  reusable(kind, name) {
    const value = member(member(member(definition, 'use'), kind), name);
    if (value === undefined) throw new Error(`${pointer} names use.${kind}.${name}, which is not there`);
    return value;
  },
});

/** Tokens that are good for one publication. */
export function ownTokens(): TokenCache {
  const tokens = new Map<string, { token: string; expiresAtMs: number }>();
  return {
    get(key) {
      const entry = tokens.get(key);
      return entry !== undefined && entry.expiresAtMs > Date.now() ? entry.token : null;
    },
    set: (key, token, expiresAtMs) => void tokens.set(key, { token, expiresAtMs }),
    delete: (key) => void tokens.delete(key),
  };
}
