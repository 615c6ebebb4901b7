/** Authentication policies, grants and how clients authenticate. */
import { root, type Section } from '../feature.ts';

const GRANTS = 'test/unit/tasks/authentication/grants.test.ts';
const BASIC = 'test/unit/tasks/authentication/basic-bearer.test.ts';
const DISCOVERY = 'test/unit/tasks/authentication/discovery.test.ts';

const call = (policy: string, path = 'echo', as = '.authorization'): string =>
  `do: [ { t: { call: http, with: { method: get, endpoint: { uri: 'https://api.test/${path}', authentication: ${policy} } }, output: { as: ${as} } } } ]`;
const ISSUED = { gives: 'Bearer issued', shown: [GRANTS] };
const SECRET = { username: 'u', password: 'p', token: 'hush' };

const oauth2 = (rest: string): string => call(`{ oauth2: { authority: 'https://api.test', ${rest} } }`);
const CLIENT = 'grant: client_credentials, client: { id: i, secret: s }';
const client = (method: string, rest = 'secret: s'): string =>
  oauth2(`grant: client_credentials, client: { id: i, ${rest}, authentication: ${method} }`);
const EXCHANGE = "'urn:ietf:params:oauth:grant-type:token-exchange'";
const TOKEN = "{ token: x, type: 'urn:ietf:params:oauth:token-type:access_token' }";

export const authenticationSections: readonly Section[] = [
  {
    title: 'Authentication',
    features: [
      root('`basic`', call('{ basic: { username: u, password: p } }'), {
        gives: 'Basic dTpw',
        shown: ['ctk: Call HTTP Using Basic Authentication', BASIC],
      }),
      root('`bearer`', call('{ bearer: { token: hush } }'), {
        gives: 'Bearer hush',
        shown: ['examples/authentication-bearer.yaml', BASIC],
      }),
      root('`digest`', call('{ digest: { username: u, password: p } }', 'digest', '.'), {
        gives: 'Digest',
        shown: ['test/unit/tasks/authentication/digest.test.ts'],
      }),
      root('`oauth2`', oauth2(CLIENT), {
        gives: 'Bearer issued',
        shown: ['examples/authentication-oauth2.yaml', GRANTS],
      }),
      root('`oidc`', call(`{ oidc: { authority: 'https://api.test', ${CLIENT} } }`), {
        gives: 'Bearer issued',
        shown: ['examples/authentication-oidc.yaml', DISCOVERY],
      }),
      root(
        '`use`, a policy of `use.authentications`',
        `use: { authentications: { a: { bearer: { token: hush } } } }\n${call('{ use: a }')}`,
        {
          gives: 'Bearer hush',
          shown: ['examples/authentication-reusable.yaml'],
        },
      ),
      ...['basic', 'bearer'].map((scheme) =>
        root(`\`${scheme}.use\`, a secret`, `use: { secrets: [ s ] }\n${call(`{ ${scheme}: { use: s } }`)}`, {
          secrets: { s: SECRET },
          gives: scheme === 'basic' ? 'Basic dTpw' : 'Bearer hush',
          shown: [BASIC],
        }),
      ),
      root(
        '`digest.use`, a secret',
        `use: { secrets: [ s ] }\n${call('{ digest: { use: s } }', 'digest', '.')}`,
        {
          secrets: { s: SECRET },
          gives: 'Digest',
        },
      ),
      ...['oauth2', 'oidc'].map((scheme) =>
        root(`\`${scheme}.use\`, a secret`, `use: { secrets: [ s ] }\n${call(`{ ${scheme}: { use: s } }`)}`, {
          secrets: {
            s: {
              authority: 'https://api.test',
              grant: 'client_credentials',
              client: { id: 'i', secret: 's' },
            },
          },
          gives: 'Bearer issued',
          shown: [`examples/authentication-${scheme}-secret.yaml`],
        }),
      ),
      root(
        'expressions',
        `use: { secrets: [ s ] }\n${call("{ bearer: { token: '${ $secrets.s.token }' } }")}`,
        { secrets: { s: SECRET }, gives: 'Bearer hush', shown: [BASIC] },
      ),
    ],
  },
  {
    title: '`oauth2` and `oidc`',
    features: [
      root('`grant: client_credentials`', oauth2(CLIENT), ISSUED),
      root(
        '`grant: password`',
        oauth2('grant: password, username: u, password: p, client: { id: i }'),
        ISSUED,
      ),
      root(
        '`grant: refresh_token`',
        oauth2(`grant: refresh_token, subject: ${TOKEN}, client: { id: i }`),
        ISSUED,
      ),
      root(
        '`grant: …:token-exchange`',
        oauth2(`grant: ${EXCHANGE}, subject: ${TOKEN}, actor: ${TOKEN}, client: { id: i }`),
        ISSUED,
      ),
      root('`grant: authorization_code`', oauth2('grant: authorization_code, client: { id: i }')),
      root('`client.authentication: client_secret_post`', client('client_secret_post'), ISSUED),
      root('`client.authentication: client_secret_basic`', client('client_secret_basic'), ISSUED),
      root('`client.authentication: client_secret_jwt`', client('client_secret_jwt'), ISSUED),
      root('`client.authentication: private_key_jwt`', client('private_key_jwt', 'assertion: a.b.c'), ISSUED),
      root('`client.authentication: none`', client('none'), ISSUED),
      root(
        '`request.encoding: application/x-www-form-urlencoded`',
        oauth2(`${CLIENT}, request: { encoding: application/x-www-form-urlencoded }`),
        ISSUED,
      ),
      root(
        '`request.encoding: application/json`',
        oauth2(`${CLIENT}, request: { encoding: application/json }`),
        ISSUED,
      ),
      root('`endpoints.token`', oauth2(`${CLIENT}, endpoints: { token: /oauth2/token }`), {
        gives: 'Bearer issued',
        shown: ['examples/authentication-oauth2.yaml'],
      }),
      root(
        '`endpoints.revocation`, `endpoints.introspection`',
        oauth2(`${CLIENT}, endpoints: { revocation: /r, introspection: /i }`),
        {
          gives: 'Bearer issued',
          note: 'taken and not used: tokens are cached until they expire',
        },
      ),
      root('`scopes`, `audiences`', oauth2(`${CLIENT}, scopes: [ a, b ], audiences: [ c ]`), ISSUED),
      root('`issuers`', oauth2(`${CLIENT}, issuers: [ 'https://api.test' ]`), {
        gives: 'Bearer issued',
        shown: [DISCOVERY],
      }),
    ],
  },
];
