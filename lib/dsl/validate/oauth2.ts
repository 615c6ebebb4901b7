/** The members of `oauth2` and `oidc` policies. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { isTemplateFormat } from './formats.ts';
import { memberChecks } from './members.ts';
import { asList, asObject, asText, at, checkObject, get, type MemberCheck } from './shape.ts';
import { listed, shown } from './text.ts';
import { GRANT_NEEDS_PERSON } from './unsupported.ts';
import { checkUriTemplate, type UriPlace } from './uri.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const GRANTS = ['authorization_code', 'client_credentials', 'password', 'refresh_token', TOKEN_EXCHANGE];
const GRANT_HINTS = {
  'client-credentials': 'write `client_credentials`, with an underscore',
  'authorization-code': GRANT_NEEDS_PERSON,
  'refresh-token': 'write `refresh_token`, with an underscore',
  'token-exchange': `write \`${TOKEN_EXCHANGE}\``,
};
const CLIENT_AUTHENTICATIONS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
];
const ENCODINGS = ['application/x-www-form-urlencoded', 'application/json'];

/** What a grant cannot do without (RFC 6749, 4.3 and 6; RFC 8693, 2.1). A refresh token is that of `subject`. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  password: ['username', 'password'],
  refresh_token: ['subject'],
  [TOKEN_EXCHANGE]: ['subject'],
};

export function checkOAuth2(
  context: Context,
  value: JsonObject,
  scheme: 'oauth2' | 'oidc',
  path: string,
  place: UriPlace,
): void {
  const { report, expressions } = context;
  const checks = memberChecks(report);
  const template: MemberCheck = (member, memberPath, name) => {
    const text = asText(report, member, memberPath, name);
    if (text !== null) expressions.template(text, memberPath, place.stage, place.locals);
  };
  const templates: MemberCheck = (member, memberPath, name) => {
    for (const [index, item] of asList(report, member, memberPath, name).entries()) {
      template(item, at(memberPath, index), `an item of ${name}`);
    }
  };
  const token: MemberCheck = (member, memberPath, name) =>
    inside(context, member, memberPath, name, { token: template, type: template }, ['token', 'type']);
  checkObject(report, value, path, {
    of: shown(scheme),
    members: {
      authority: (member, memberPath, name) => {
        const text = asText(report, member, memberPath, name);
        if (text !== null) checkUriTemplate(context, text, memberPath);
      },
      grant: checks.choice(GRANTS, GRANT_HINTS),
      client: (member, memberPath, name) =>
        inside(context, member, memberPath, name, {
          id: template,
          secret: template,
          assertion: template,
          authentication: checks.choice(CLIENT_AUTHENTICATIONS),
        }),
      request: (member, memberPath, name) =>
        inside(context, member, memberPath, name, { encoding: checks.choice(ENCODINGS) }, [], true),
      issuers: templates,
      scopes: templates,
      audiences: templates,
      username: template,
      password: template,
      subject: token,
      actor: token,
      ...(scheme === 'oauth2' ? { endpoints: endpointsIn(context) } : {}),
    },
    required: ['authority', 'grant'],
    synonyms: { scope: 'scopes', audience: 'audiences', issuer: 'issuers', tokenUrl: 'endpoints' },
  });
  checkGrant(context, value, scheme, path);
}

function checkGrant({ report }: Context, value: JsonObject, scheme: string, path: string): void {
  const grant = get(value, 'grant');
  if (grant === 'authorization_code') {
    report.refused(at(path, 'grant'), 'grant: authorization_code', GRANT_NEEDS_PERSON);
  }
  if (typeof grant !== 'string') return;
  const needed = Object.hasOwn(NEEDED, grant) ? (NEEDED[grant] ?? []) : [];
  const missing = needed.filter((name) => !Object.hasOwn(value, name));
  if (missing.length === 0) return;
  report.semantic(
    path,
    `missing ${listed(missing)}; ${shown(scheme)} with the grant ${shown(grant)} needs ${listed(needed)}`,
  );
}

/** An object inside the policy. */
function inside(
  { report }: Context,
  value: Json,
  path: string,
  name: string,
  members: Readonly<Record<string, MemberCheck>>,
  required: readonly string[] = [],
  open = false,
): void {
  const object = asObject(report, value, path, name);
  if (object !== null) checkObject(report, object, path, { of: name, members, required, open });
}

/** Paths relative to the authority. */
const endpointsIn =
  (context: Context): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const relative: MemberCheck = (member, memberPath, memberName) => {
      const text = asText(report, member, memberPath, memberName);
      if (text === null || isTemplateFormat(text)) return;
      report.shape(memberPath, `${shown(text)} is not a path such as \`/oauth2/token\` (RFC 6570)`);
    };
    const members = { token: relative, revocation: relative, introspection: relative };
    inside(context, value, path, name, members, [], true);
  };
