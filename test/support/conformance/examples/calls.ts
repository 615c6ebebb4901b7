/** Examples that call services over HTTP and OpenAPI. */
import { kitStandIns, type StandIn } from '../stand-ins.ts';
import { buyPet, COMMUNICATION, getPet, GET_PET, PET } from './pets.ts';
import type { ExampleRun, ExampleRuns } from './types.ts';

const LUKE = { count: 1, results: [{ name: 'Luke Skywalker' }] };
const searchPeople = (status = 200): StandIn => ({
  host: 'swapi.dev',
  method: 'GET',
  path: '/api/people/',
  query: { search: 'luke' },
  status,
  json: LUKE,
});
const SEARCH = { method: 'GET', url: 'https://swapi.dev/api/people/?search=luke' };
const VALIDATION = 'https://serverlessworkflow.io/spec/1.0.0/errors/validation';

const oneCall: ExampleRun[] = [
  { input: { petId: 1 }, standIns: [getPet()], output: PET, requests: [GET_PET] },
  { input: { petId: 1 }, standIns: [getPet(404)], error: { type: COMMUNICATION, status: 404 } },
];

const search: ExampleRun[] = [
  { input: { searchQuery: 'luke' }, standIns: [searchPeople()], output: LUKE, requests: [SEARCH] },
  { input: { searchQuery: 5 }, error: { type: VALIDATION, status: 400, instance: '/input' }, requests: [] },
];

/** What the pet store of the conformance kit has, asked through its Swagger document. */
const findPets = (): ExampleRun[] => [
  {
    standIns: kitStandIns(),
    output: [
      { id: 1, name: 'doggie', status: 'available', photoUrls: [], tags: [] },
      { id: 2, name: 'kitty', status: 'available', photoUrls: [], tags: [] },
    ],
    requests: [{ method: 'GET', url: 'https://petstore.swagger.io/v2/pet/findByStatus?status=available' }],
  },
];

const bet = { customer: { age: 30 }, bet: 'home' };

export const callRuns = (): ExampleRuns => ({
  'examples/call-http-endpoint-interpolation-shorthand.yaml': oneCall,
  'examples/call-http-endpoint-interpolation.yaml': [
    {
      input: { petId: 1 },
      standIns: [getPet()],
      output: PET,
      requests: [{ ...GET_PET, headers: { 'content-type': 'application/json' } }],
    },
  ],
  'examples/call-http-query-headers-expressions.yaml': [
    {
      input: { searchQuery: 'luke' },
      standIns: [searchPeople()],
      output: LUKE,
      requests: [{ ...SEARCH, headers: { accept: 'application/json' } }],
    },
  ],
  'examples/call-http-query-parameters.yaml': search,
  'examples/call-http-redirect.yaml': [
    ...search,
    // A 3xx that nobody can follow is a success here, and an error without `redirect`.
    { input: { searchQuery: 'luke' }, standIns: [searchPeople(304)], output: LUKE },
  ],
  'examples/call-openapi.yaml': findPets(),
  'examples/call-openapi-redirect.yaml': findPets(),
  'examples/call-custom-function-inline.yaml': [
    {
      standIns: [
        { host: 'petstore.swagger.io', method: 'GET', path: '/v2/pet/69', status: 200, json: { id: 69 } },
      ],
      output: { id: 69 },
      requests: [{ method: 'GET', url: 'https://petstore.swagger.io/v2/pet/69' }],
    },
  ],
  'examples/do-single.yaml': oneCall,
  'examples/do-multiple.yaml': [
    // The output of the first call is the input of the second, and it has no `petId`.
    {
      input: { petId: 1 },
      standIns: [{ ...getPet(), json: { ...PET, petId: 1 } }, buyPet],
      output: 'sold',
      requests: [
        GET_PET,
        {
          method: 'PUT',
          url: GET_PET.url,
          body: '{"id":1,"name":"doggie","status":"sold","petId":1}',
        },
      ],
    },
  ],
  'examples/conditional-task.yaml': [
    {
      input: { ...bet, customer: { age: 17 } },
      error: {
        type: 'https://superbet-casinos.com/customer/access-forbidden',
        status: 400,
        title: 'Access Forbidden',
        instance: '/do/0/raiseErrorIfUnderage',
      },
      requests: [],
    },
    {
      input: bet,
      standIns: [
        {
          host: 'superbet-casinos.com',
          method: 'POST',
          path: '/api/bet/on/football',
          status: 201,
          json: { id: 7 },
        },
      ],
      output: { id: 7 },
      // `.customer` is not one whole `${ }`, and so it is text.
      requests: [
        {
          method: 'POST',
          url: 'https://superbet-casinos.com/api/bet/on/football',
          body: '{"customer":".customer","bet":".bet"}',
        },
      ],
    },
  ],
  'examples/star-wars-homeworld.yaml': [
    {
      input: { id: 1 },
      standIns: [
        {
          host: 'swapi.dev',
          method: 'GET',
          path: '/api/people/1',
          status: 200,
          json: { name: 'Luke', homeworld: 'https://swapi.dev/api/planets/1/' },
        },
        {
          host: 'swapi.dev',
          method: 'GET',
          path: '/api/planets/1/',
          status: 200,
          json: { name: 'Tatooine' },
        },
      ],
      output: { name: 'Tatooine' },
    },
    { input: { id: 0 }, error: { type: VALIDATION, instance: '/input' }, requests: [] },
  ],
});
