/** The members of `oauth2` and `oidc`, evaluated: everything that shapes a token request. */
import { isStrictExpression } from '../../engine/expression.ts';
import { member } from '../../engine/json.ts';
import type { Evaluable, Json } from '../types.ts';
import { expandUriTemplate, parseUriTemplate } from '../uri-template.ts';
import type { AuthenticationContext, Caller } from './types.ts';
import { compileValues, type Values } from './values.ts';

export type TokenScheme = 'oauth2' | 'oidc';

const CLIENT_METHODS = [
  'client_secret_post',
  'client_secret_basic',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const;

export interface ClientSettings {
  readonly method: (typeof CLIENT_METHODS)[number];
  readonly id: string | null;
  readonly secret: string | null;
  /** A signed JWT. */
  readonly assertion: string | null;
}

export interface TokenSettings {
  /** An absolute URL. */
  readonly authority: string;
  /** Absolute, or relative to the authority; null when the authority has to be asked for it. */
  readonly tokenEndpoint: string | null;
  /** Of the token request, without those of the client. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly client: ClientSettings;
  readonly encoding: 'form' | 'json';
  /** Empty: the issuer is not checked, but for a discovered one. */
  readonly issuers: readonly string[];
}

const DEFAULT_TOKEN_ENDPOINT = '/oauth2/token';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const GRANTS = ['client_credentials', 'password', 'refresh_token', TOKEN_EXCHANGE] as const;
const ENCODINGS = new Map([
  ['application/x-www-form-urlencoded', 'form'],
  ['application/json', 'json'],
] as const);

/** An authority with a path like this one is the URL of its metadata. */
export const isMetadataUrl = (authority: string): boolean =>
  /\/\.well-known\/[^/]+$/.test(new URL(authority).pathname);

export function compileTokenSettings(
  scheme: TokenScheme,
  node: Json,
  context: AuthenticationContext,
): (caller: Caller) => TokenSettings {
  const read = compileValues(scheme, node, context);
  const input = context.template('${ . }');
  // A secret is data: only what the definition itself says is a template.
  const inline = member(node, 'use') === undefined;
  return (caller) => {
    const values = read(caller);
    const uri = (path: string, text: string): string =>
      inline ? expanded(caller, node, path, text, input) : text;
    const authority = uri('authority', values.text('authority'));
    if (!URL.canParse(authority)) throw invalid(caller, scheme, '`authority` is not an absolute URL');
    const endpoint = values.optionalText('endpoints.token');
    return {
      authority,
      tokenEndpoint:
        scheme === 'oidc' || isMetadataUrl(authority)
          ? null
          : uri('endpoints.token', endpoint ?? DEFAULT_TOKEN_ENDPOINT),
      parameters: parametersOf(caller, scheme, values),
      client: clientOf(caller, scheme, values),
      encoding: encodingOf(caller, scheme, values),
      issuers: values.texts('issuers'),
    };
  };
}

/** Expands a URI template over the input's properties. What an expression gave is the URI itself. */
function expanded(caller: Caller, node: Json, path: string, text: string, input: Evaluable): string {
  const source = path.split('.').reduce<Json | undefined>((inner, name) => member(inner, name), node);
  if (!text.includes('{') || (typeof source === 'string' && isStrictExpression(source))) return text;
  const parsed = parseUriTemplate(text);
  if (!parsed.ok) throw caller.fail('configuration', `\`${path}\` of the authentication: ${parsed.problem}.`);
  const result = expandUriTemplate(parsed.template, caller.evaluate(input));
  if (!result.ok) throw caller.fail('expression', `\`${path}\` of the authentication: ${result.problem}.`);
  return result.uri;
}

/** RFC 6749, 4.3, 4.4 and 6; RFC 8693, 2.1. The refresh token is the token of `subject`. */
function parametersOf(caller: Caller, scheme: TokenScheme, values: Values): Record<string, string> {
  const grant = grantOf(caller, scheme, values);
  const parameters: Record<string, string> = { grant_type: grant };
  switch (grant) {
    case 'client_credentials':
      break;
    case 'password':
      parameters['username'] = values.text('username');
      parameters['password'] = values.text('password');
      break;
    case 'refresh_token':
      parameters['refresh_token'] = values.text('subject.token');
      break;
    case TOKEN_EXCHANGE:
      parameters['subject_token'] = values.text('subject.token');
      parameters['subject_token_type'] = values.text('subject.type');
      if (values.optionalText('actor.token') === null) break;
      parameters['actor_token'] = values.text('actor.token');
      parameters['actor_token_type'] = values.text('actor.type');
      break;
  }
  const scopes = values.texts('scopes');
  const audiences = values.texts('audiences');
  if (scopes.length > 0) parameters['scope'] = scopes.join(' ');
  if (audiences.length > 0) parameters['audience'] = audiences.join(' ');
  return parameters;
}

function grantOf(caller: Caller, scheme: TokenScheme, values: Values): (typeof GRANTS)[number] {
  const text = values.text('grant');
  const grant = GRANTS.find((known) => known === text);
  if (grant !== undefined) return grant;
  const why =
    text === 'authorization_code'
      ? '`grant: authorization_code` needs a user at a browser, whom a workflow does not have'
      : '`grant` is not one of the language';
  throw invalid(caller, scheme, `${why}; use one of ${GRANTS.join(', ')}`);
}

function clientOf(caller: Caller, scheme: TokenScheme, values: Values): ClientSettings {
  const text = values.optionalText('client.authentication') ?? 'client_secret_post';
  const method = CLIENT_METHODS.find((known) => known === text);
  if (method === undefined) {
    throw invalid(caller, scheme, `\`client.authentication\` is not one of ${CLIENT_METHODS.join(', ')}`);
  }
  return {
    method,
    id: values.optionalText('client.id'),
    secret: values.optionalText('client.secret'),
    assertion: values.optionalText('client.assertion'),
  };
}

function encodingOf(caller: Caller, scheme: TokenScheme, values: Values): 'form' | 'json' {
  const text = values.optionalText('request.encoding') ?? 'application/x-www-form-urlencoded';
  for (const [type, encoding] of ENCODINGS) if (type === text) return encoding;
  throw invalid(caller, scheme, `\`request.encoding\` is not one of ${[...ENCODINGS.keys()].join(', ')}`);
}

const invalid = (caller: Caller, scheme: TokenScheme, problem: string) =>
  caller.fail('configuration', `The ${scheme} authentication: ${problem}.`);
