/** Authentication policies: of an endpoint, of a call, and those in `use.authentications`. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { ExpressionChecks } from './expressions.ts';
import { checkOAuth2 } from './oauth2.ts';
import { checkReference, checkSecretName } from './reference.ts';
import { Report } from './report.ts';
import { asObject, asText, at, checkObject, exactlyOne, get, kindOf } from './shape.ts';
import { listed, shown } from './text.ts';
import type { UriPlace } from './uri.ts';

/** The members that each scheme needs when no secret holds them. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  basic: ['username', 'password'],
  bearer: ['token'],
  digest: ['username', 'password'],
};
const SCHEMES = ['basic', 'bearer', 'digest', 'oauth2', 'oidc'];

/** The policy of an endpoint or call: written in place, or `{ use: name }`. */
export function checkAuthentication(context: Context, value: Json, path: string, place: UriPlace): void {
  const { report } = context;
  const policy = asObject(report, value, path, '`authentication`');
  if (policy === null) return;
  const members = Object.fromEntries(['use', ...SCHEMES].map((name) => [name, null]));
  checkObject(report, policy, path, {
    of: '`authentication`',
    members,
    synonyms: { basicAuth: 'basic', jwt: 'bearer', openIdConnect: 'oidc' },
  });
  const given = exactlyOne(report, policy, path, '`authentication`', ['use', ...SCHEMES]);
  if (given === 'use') {
    const name = nameIn(report, get(policy, 'use') ?? null, at(path, 'use'));
    if (name !== null) checkReference(context, name, at(path, 'use'), 'authentications');
  } else if (given !== null) checkScheme(context, policy, given, path, place);
}

/** A policy in `use.authentications`. The language's schema lets other members stand beside the scheme. */
export function checkReusablePolicy(context: Context, value: Json, path: string): void {
  const { report } = context;
  const place: UriPlace = { stage: 'definition', locals: [] };
  const policy = asObject(report, value, path, 'an authentication policy');
  if (policy === null) return;
  const members = Object.fromEntries(SCHEMES.map((name) => [name, null]));
  checkObject(report, policy, path, { of: 'an authentication policy', members, open: true });
  const given = SCHEMES.filter((scheme) => Object.hasOwn(policy, scheme));
  // Several schemes are one to the schema when all the others are malformed.
  const wellShaped =
    given.length > 1 ? given.filter((scheme) => isWellShaped(context, policy, scheme, path, place)) : [];
  if (wellShaped[0] !== undefined && wellShaped.length === 1) {
    report.semantic(path, `an authentication policy has exactly one scheme; this one has ${listed(given)}`);
    checkScheme(context, policy, wellShaped[0], path, place);
    return;
  }
  exactlyOne(report, policy, path, 'an authentication policy', SCHEMES);
  for (const scheme of given) checkScheme(context, policy, scheme, path, place);
}

function isWellShaped(
  context: Context,
  policy: JsonObject,
  scheme: string,
  path: string,
  place: UriPlace,
): boolean {
  const report = new Report();
  const expressions = new ExpressionChecks(report, { loose: false, secrets: context.secrets });
  checkScheme({ ...context, report, expressions }, policy, scheme, path, place);
  return !report.has('shape');
}

function checkScheme(
  context: Context,
  policy: JsonObject,
  scheme: string,
  policyPath: string,
  place: UriPlace,
): void {
  const { report, expressions } = context;
  const path = at(policyPath, scheme);
  const value = get(policy, scheme) ?? null;
  if (!isJsonObject(value)) {
    const needed = MEMBERS[scheme] ?? ['authority', 'grant'];
    report.shape(
      path,
      `${shown(scheme)} must be an object with ${listed(needed)}, or \`{ use: mySecret }\`; it ${kindOf(value)}`,
    );
    return;
  }
  if (Object.hasOwn(value, 'use')) {
    checkSecretBased(context, value, scheme, path);
    return;
  }
  const names = MEMBERS[scheme];
  if (names === undefined) {
    checkOAuth2(context, value, scheme === 'oidc' ? 'oidc' : 'oauth2', path, place);
    return;
  }
  const credential = (member: Json, memberPath: string, name: string) => {
    const text = asText(report, member, memberPath, name);
    if (text !== null) expressions.template(text, memberPath, place.stage, place.locals);
  };
  checkObject(report, value, path, {
    of: shown(scheme),
    members: Object.fromEntries(names.map((name) => [name, credential])),
    required: names,
    synonyms: { user: 'username', pass: 'password' },
  });
}

function checkSecretBased(context: Context, value: JsonObject, scheme: string, path: string): void {
  const { report } = context;
  const others = Object.keys(value).filter((key) => key !== 'use');
  if (others.length > 0) {
    report.shape(
      path,
      `${shown(scheme)} has either \`use\`, the name of a secret that holds everything, or its own members; it has \`use\` and ${listed(others)}`,
    );
  }
  const name = nameIn(report, get(value, 'use') ?? null, at(path, 'use'));
  if (name !== null) checkSecretName(context, name, at(path, 'use'));
}

/** The value of a `use`: a text that is not empty. */
function nameIn(report: Report, value: Json, path: string): string | null {
  const name = asText(report, value, path, '`use`');
  if (name !== '') return name;
  report.shape(path, '`use` must be a name; it is empty');
  return null;
}
