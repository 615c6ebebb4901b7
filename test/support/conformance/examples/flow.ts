/** Examples of control flow: branches, loops, errors, retries, waits, other workflows, extensions. */
import { COMMUNICATION, getPet, GET_PET, PET } from './pets.ts';
import type { ExampleRun, ExampleRuns } from './types.ts';

const input = { petId: 1 };

const raised: ExampleRun[] = [
  {
    error: {
      type: 'https://serverlessworkflow.io/errors/not-implemented',
      status: 500,
      title: 'Not Implemented',
      detail: "The workflow 'raise-not-implemented:0.1.0' is a work in progress and cannot be run yet",
      instance: '/do/0/notImplemented',
    },
  },
];

/** Retries after 3, 6, 12, 24 and 48 seconds. */
const retried: ExampleRun[] = [
  {
    input,
    standIns: [getPet([503, 503, 200])],
    output: PET,
    requests: [GET_PET, GET_PET, GET_PET],
    tookMs: 9000,
  },
  {
    input,
    standIns: [getPet(503)],
    error: { type: COMMUNICATION, status: 503, instance: '/do/0/tryGetPet/try/0/getPet' },
    requests: Array.from({ length: 6 }, () => GET_PET),
    tookMs: 93_000,
  },
  { input, standIns: [getPet(404)], error: { type: COMMUNICATION, status: 404 }, requests: [GET_PET] },
];

/** A `catch` that does nothing: the output is the input of the `try`. */
const caught: ExampleRun[] = [
  { input, standIns: [getPet(404)], output: input },
  { input, standIns: [getPet()], output: PET },
  { input, standIns: [getPet(400)], error: { type: COMMUNICATION, status: 400 } },
];

const alarm = (who: string, status: number) => ({
  host: 'fake-hospital.com',
  method: 'PUT',
  path: `/api/v3/alert/${who}`,
  status,
  json: { answered: who },
});
const patient = { patient: { fullName: 'Jane Doe' }, room: { number: 4 } };
const alarmRequest = (who: string) => ({
  method: 'PUT',
  url: `https://fake-hospital.com/api/v3/alert/${who}`,
  body: '{"patientId":"Jane Doe","room":4}',
});

const service = (status: number) => ({
  host: 'external-service.example.com',
  method: 'GET',
  path: '/api',
  status,
  json: 'served',
});

const waited: ExampleRun[] = [{ input: { a: 1 }, output: { a: 1 }, tookMs: 30_000 }];

export const flowRuns: ExampleRuns = {
  'examples/fork.yaml': [
    {
      input: patient,
      standIns: [alarm('nurses', 200), alarm('doctor', 500)],
      output: { answered: 'nurses' },
    },
    // The first to answer with success wins, and no error does.
    {
      input: patient,
      standIns: [alarm('nurses', 500), alarm('doctor', 200)],
      output: { answered: 'doctor' },
      requests: [alarmRequest('nurses'), alarmRequest('doctor')],
    },
  ],
  'examples-main/for-inline-array.yaml': [
    {
      output: {
        processed: [
          { name: 'red', hex: '#FF0000' },
          { name: 'green', hex: '#00FF00' },
          { name: 'blue', hex: '#0000FF' },
        ],
      },
    },
  ],
  'examples/mock-service-extension.yaml': [
    // `$task` has no `with`, so that the condition of the extension is never true.
    {
      standIns: [{ host: 'fake.com', method: 'GET', path: '/sample', status: 200, json: { real: true } }],
      output: { real: true },
      requests: [{ method: 'GET', url: 'https://fake.com/sample' }],
    },
  ],
  'examples/raise-inline.yaml': raised,
  'examples/raise-reusable.yaml': raised,
  'examples/run-subflow.yaml': [
    {
      input: { user: { name: 'Jane' } },
      children: [{ kind: 'succeeded', output: { registered: true } }],
      output: { registered: true },
      // `.user` is not one whole `${ }`, and so it is text.
      started: [
        {
          namespace: 'test',
          name: 'register-customer',
          version: '0.1.0',
          input: { customer: '.user' },
          awaited: true,
        },
      ],
    },
    {
      children: [
        {
          kind: 'failed',
          error: { type: COMMUNICATION, status: 502, title: 'Bad gateway', instance: '/do/0/register' },
        },
      ],
      error: { type: COMMUNICATION, status: 502, instance: '/do/0/registerCustomer' },
    },
  ],
  'examples/switch-then-string.yaml': [
    { input: { orderType: 'electronic' }, output: { validate: true, status: 'fulfilled' } },
    { input: { orderType: 'physical' }, output: { inventory: 'clear', items: 1, address: 'Elmer St' } },
    { input: { orderType: 'other' }, output: { log: 'warn', message: "something's wrong" } },
  ],
  'examples/try-catch.yaml': caught,
  'examples-main/try-catch.yaml': caught,
  'examples/try-catch-retry-inline.yaml': retried,
  'examples-main/try-catch-retry-inline.yaml': retried,
  'examples/try-catch-retry-reusable.yaml': retried,
  'examples-main/try-catch-retry-reusable.yaml': retried,
  'examples-main/try-catch-then-directive.yaml': [
    { standIns: [service(503)], output: { status: 'failed' } },
    { standIns: [service(200)], output: { status: 'ok' } },
    { standIns: [service(400)], error: { type: COMMUNICATION, status: 400 } },
  ],
  'examples/wait-duration-inline.yaml': waited,
  'examples/wait-duration-iso8601.yaml': waited,
};
