import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf, workflow } from './definitions.ts';

const call = (policy: string, use = '{ secrets: [ token ] }') =>
  workflow(
    `use: ${use}\ndo: [ { t: { call: http, with: { method: get, endpoint: { uri: "https://x.y", authentication: ${policy} } } } } ]`,
  );
const AT = '/do/0/t/with/endpoint/authentication';
const errorsIn = (policy: string, use?: string): string[] =>
  errorsOf(call(policy, use)).map((error) => error.replace(AT, ''));
const OAUTH2 = 'authority: "https://x.y", grant: client_credentials';

describe('authentication', () => {
  it.each([
    '{ basic: { username: u, password: "${ $secrets.token }" } }',
    '{ basic: { use: token } }',
    '{ bearer: { token: "${ .token }" } }',
    '{ bearer: { use: token } }',
    '{ digest: { username: u, password: p } }',
    `{ oauth2: { ${OAUTH2}, client: { id: i, secret: s, authentication: none }, scopes: [ a ], audiences: [ b ], issuers: [ c ] } }`,
    '{ oauth2: { authority: "https://{tenant}.x.y", grant: password, username: u, password: p, endpoints: { token: /t } } }',
    '{ oidc: { authority: "https://x.y", grant: refresh_token, subject: { token: t, type: y } } }',
    '{ oidc: { use: token } }',
  ])('accepts %s', (policy) => {
    expect(errorsIn(policy)).toEqual([]);
  });

  it.each([
    ['5', ': `authentication` must be an object; it is a number'],
    [
      '{}',
      ': `authentication` must have exactly one of `use`, `basic`, `bearer`, `digest`, `oauth2` or `oidc`; it has none',
    ],
    [
      '{ use: a, bearer: { use: token } }',
      ': `authentication` must have exactly one of `use`, `basic`, `bearer`, `digest`, `oauth2` or `oidc`; it has `use` and `bearer`',
    ],
    ['{ use: nobody }', '/use: there is no `nobody` in `use.authentications`; it is empty'],
    ['{ use: "" }', '/use: `use` must be a name; it is empty'],
    [
      '{ bearer: "${ .token }" }',
      '/bearer: `bearer` must be an object with `token`, or `{ use: mySecret }`; it is a string',
    ],
    ['{ bearer: { use: tokn } }', '/bearer/use: there is no `tokn` in `use.secrets`; did you mean `token`?'],
    ['{ basic: { username: u } }', '/basic: missing `password`; `basic` needs `username` and `password`'],
    [
      '{ basic: { username: u, password: p, user: x } }',
      '/basic/user: unknown property `user`; did you mean `username`?',
    ],
    [
      '{ basic: { use: token, username: u } }',
      '/basic: `basic` has either `use`, the name of a secret that holds everything, or its own members; it has `use` and `username`',
    ],
    [
      '{ basic: { username: 5, password: p } }',
      "/basic/username: `username` must be a text; it is a number; put it in quotes: '5'",
    ],
    [
      '{ oauth2: { authority: "https://x.y", grant: client-credentials } }',
      '/oauth2/grant: `grant` must be `authorization_code`, `client_credentials`, `password`, `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`; it is `"client-credentials"`; write `client_credentials`, with an underscore',
    ],
    [
      '{ oauth2: { authority: "${ .a }", grant: client_credentials } }',
      '/oauth2/authority: this URL cannot be an expression; write it out (`{name}` stands for a member of the input)',
    ],
    [
      '{ oauth2: { authority: "https://x.y", grant: password, username: u } }',
      '/oauth2: missing `password`; `oauth2` with the grant `password` needs `username` and `password`',
    ],
    [
      '{ oidc: { authority: "https://x.y", grant: "urn:ietf:params:oauth:grant-type:token-exchange" } }',
      '/oidc: missing `subject`; `oidc` with the grant `urn:ietf:params:oauth:grant-type:token-exchange` needs `subject`',
    ],
    [
      `{ oauth2: { ${OAUTH2}, subject: { token: t } } }`,
      '/oauth2/subject: missing `type`; `subject` needs `token` and `type`',
    ],
    [
      `{ oauth2: { ${OAUTH2}, scope: a } }`,
      '/oauth2/scope: unknown property `scope`; did you mean `scopes`?',
    ],
    [`{ oauth2: { ${OAUTH2}, scopes: a } }`, '/oauth2/scopes: `scopes` must be a list; it is a string'],
    [
      `{ oauth2: { ${OAUTH2}, endpoints: { token: "a b" } } }`,
      '/oauth2/endpoints/token: `a b` is not a path such as `/oauth2/token` (RFC 6570)',
    ],
    [
      `{ oidc: { ${OAUTH2}, endpoints: {} } }`,
      expect.stringMatching(/^\/oidc\/endpoints: unknown property `endpoints`/) as string,
    ],
  ])('%s', (policy, message) => {
    expect(errorsIn(policy)).toEqual([message]);
  });

  it('finds policies in `use.authentications`, and checks them there', () => {
    const use = '{ authentications: { a: { bearer: { token: "${ .x + }" } } } }';
    expect(errorsIn('{ use: a }', use)).toEqual([
      expect.stringMatching(/^\/use\/authentications\/a\/bearer\/token: the expression/),
    ]);
    expect(errorsIn('{ use: other }', use)[0]).toBe(
      '/use: there is no `other` in `use.authentications`; it has `a`',
    );
  });

  it('wants one scheme of a policy in `use`, also where the schema lets others pass', () => {
    const policy = (members: string) =>
      errorsOf(workflow(`do: []\nuse: { authentications: { a: { ${members} } } }`));
    expect(policy('basic: { username: u, password: p }, bearer: 5')).toEqual([
      '/use/authentications/a: an authentication policy has exactly one scheme; this one has `basic` and `bearer`',
    ]);
    expect(policy('basic: { username: u, password: p }, note: 5')).toEqual([
      expect.stringMatching(/^\/use\/authentications\/a\/note: unknown property `note`/),
    ]);
    expect(policy('use: b')).toContain(
      '/use/authentications/a: an authentication policy must have exactly one of `basic`, `bearer`, `digest`, `oauth2` or `oidc`; it has none',
    );
  });

  it('warns of a secret that is read and not listed', () => {
    expect(warningsOf(call('{ bearer: { token: "${ $secrets.tkn }" } }'))).toEqual([
      `${AT}/bearer/token: there is no \`tkn\` in \`use.secrets\`; it has \`token\``,
    ]);
  });
});
