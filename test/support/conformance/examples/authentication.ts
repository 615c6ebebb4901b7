/** Examples that authenticate. */
import type { StandIn } from '../stand-ins.ts';
import { getPetWith, GET_PET, PET } from './pets.ts';
import type { ExampleRun, ExampleRuns } from './types.ts';

const REALM = 'http://keycloak/realms/fake-authority';
const CLIENT = { id: 'workflow-runtime-id', secret: 'workflow-runtime-secret' };
const FORM = `grant_type=client_credentials&client_id=${CLIENT.id}&client_secret=${CLIENT.secret}`;
const input = { petId: 1 };

const bearer: ExampleRun[] = [
  {
    input: { petId: 1, token: 'secret-token' },
    standIns: [getPetWith('secret-token')],
    output: PET,
    requests: [GET_PET],
  },
  {
    input: { petId: 1, token: 'another' },
    standIns: [getPetWith('secret-token')],
    error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/authentication', status: 401 },
  },
];

const issue = (path: string): StandIn => ({
  host: 'keycloak',
  method: 'POST',
  path: `/realms/fake-authority${path}`,
  status: 200,
  json: { access_token: 'issued', token_type: 'Bearer', expires_in: 300 },
});

const metadata: StandIn = {
  host: 'keycloak',
  method: 'GET',
  path: '/realms/fake-authority/.well-known/openid-configuration',
  status: 200,
  json: { issuer: REALM, token_endpoint: `${REALM}/protocol/token` },
};

const ofSecret = (grant: string) => ({ mySecret: { authority: REALM, grant, client: CLIENT } });
const asking = (path: string) => ({ method: 'POST', url: REALM + path, body: FORM });
const discovery = { method: 'GET', url: `${REALM}/.well-known/openid-configuration` };

const oidc = { input, standIns: [metadata, issue('/protocol/token'), getPetWith('issued')], output: PET };
const withoutSecret: ExampleRun = {
  input,
  error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/authorization', status: 403 },
  requests: [],
};

export const authenticationRuns: ExampleRuns = {
  'examples/authentication-bearer.yaml': bearer,
  'examples/authentication-bearer-uri-format.yaml': bearer,
  'examples/authentication-reusable.yaml': bearer,
  'examples/authentication-oauth2.yaml': [
    {
      input,
      standIns: [issue('/auth/token'), getPetWith('issued')],
      output: PET,
      requests: [asking('/auth/token'), GET_PET],
    },
  ],
  'examples/authentication-oauth2-secret.yaml': [
    {
      input,
      secrets: ofSecret('client_credentials'),
      standIns: [issue('/oauth2/token'), getPetWith('issued')],
      output: PET,
      requests: [asking('/oauth2/token'), GET_PET],
    },
    withoutSecret,
  ],
  'examples/authentication-oidc.yaml': [
    { ...oidc, requests: [discovery, asking('/protocol/token'), GET_PET] },
  ],
  'examples/authentication-oidc-secret.yaml': [
    {
      ...oidc,
      secrets: ofSecret('client_credentials'),
      requests: [discovery, asking('/protocol/token'), GET_PET],
    },
    withoutSecret,
  ],
};
