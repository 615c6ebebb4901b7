/** Examples that emit events, wait for them, or are started by a schedule, with the input that it would give. */
import type { CloudEvent, Json } from '../../../../lib/engine/types.ts';
import { COMMUNICATION, getPet, GET_PET } from './pets.ts';
import type { ExampleRun, ExampleRuns } from './types.ts';

const EXPRESSION = 'https://serverlessworkflow.io/spec/1.0.0/errors/expression';

let count = 0;
function event(type: string, data: Json = null, more: CloudEvent = {}): CloudEvent {
  count += 1;
  return { specversion: '1.0', id: `event-${count}`, source: 'https://x.y', type, data, ...more };
}

const VITALS = 'com.fake-hospital.vitals.measurements';
const temperature = (celsius: number) => event(`${VITALS}.temperature`, { temperature: celsius });
const pulse = (bpm: number) => event(`${VITALS}.bpm`, { bpm });
const [fever, racing] = [temperature(39), pulse(120)];
/** Only the second of each is out of the ordinary. */
const vitals = [temperature(37), pulse(80), racing, temperature(36), fever];

/** `set` in `catch.do` has text, and not the error; the second call is skipped for what it exports. */
const notFound: ExampleRun[] = [
  {
    input: { petId: 1 },
    standIns: [getPet(404)],
    output: { error: '$error' },
    requests: [GET_PET],
    emitted: [
      {
        source: 'https://petstore.swagger.io',
        type: 'io.swagger.petstore.events.pets.not-found.v1',
        data: { type: COMMUNICATION, status: 404 },
      },
    ],
  },
];

const rooms = {
  host: 'myorg.io',
  method: 'GET',
  path: '/ordersservices.json',
  status: 200,
  json: {
    openapi: '3.0.0',
    info: { title: 'Orders', version: '1' },
    servers: [{ url: 'http://myorg.io' }],
    paths: {
      '/log': { post: { operationId: 'logreading', responses: { 200: { description: 'ok' } } } },
      '/report': { post: { operationId: 'produceReport', responses: { 200: { description: 'ok' } } } },
    },
  },
};
const reading = (of: string, roomid: string) =>
  event(`my.home.sensors.${of}`, { reading: 1 }, { source: 'https://my.home.com/sensor', roomid });

const low = {
  patient: { id: 'p1', name: 'Jane', room: { number: 4 }, vitals: { bpm: 30 } },
  timestamp: '2026-01-31T12:00:00Z',
};
const trigger = event('io.serverlessworkflow.samples.events.trigger.v1', { a: 1 });

export const eventRuns: ExampleRuns = {
  'examples/emit.yaml': [
    {
      output: {
        specversion: '1.0',
        id: '01890000-0000-7000-8000-000000000001/do/0/emitEvent',
        source: 'https://petstore.com',
        time: '2026-01-01T00:00:00.000Z',
        type: 'com.petstore.order.placed.v1',
        datacontenttype: 'application/json',
        data: {
          client: { firstName: 'Cruella', lastName: 'de Vil' },
          items: [{ breed: 'dalmatian', quantity: 101 }],
        },
      },
    },
  ],
  'examples/try-catch-then.yaml': notFound,
  'examples-main/try-catch-then.yaml': notFound,
  'examples/listen-to-one.yaml': [
    {
      events: [event('other'), event('com.virtual-wf-powered-race.events.race.started.v1', { lap: 1 })],
      standIns: [
        {
          host: 'virtual-wf-powered-race.com',
          method: 'POST',
          path: '/api/v4/cars//start',
          status: 200,
          json: 'go',
        },
      ],
      // The input of the second task is the array of events, and it has no `carId`.
      output: 'go',
    },
  ],
  'examples/listen-to-all.yaml': [{ events: vitals, output: [{ bpm: 120 }, { temperature: 39 }] }],
  'examples/listen-to-all read-envelope.yaml': [{ events: vitals, output: [racing, fever] }],
  'examples/listen-to-any-filter.yaml': [{ events: vitals, output: [{ bpm: 120 }] }],
  'examples/listen-to-any.yaml': [{ events: [event('x', 1), event('y', 2)], output: [1] }],
  'examples/listen-to-any-until-condition.yaml': [
    { events: [1, 2, 3, 4, 5].map((data) => event('x', data)), output: [1, 2, 3, 4] },
  ],
  'examples/listen-to-any-until-consumed.yaml': [
    {
      events: [...vitals, event('com.fake-hospital.patient.checked-out')],
      output: [{ bpm: 120 }, { temperature: 39 }],
    },
  ],
  // It has no end but an error. `{roomId}` is of the input of the call, which is the event.
  'examples/listen-to-any-forever-foreach.yaml': [
    {
      events: [event('x', { roomId: 1 }), event('y', { roomId: 2 }), event('z', { roomId: 3 })],
      standIns: [
        { host: 'fake-chat-api.com', method: 'POST', path: '/room/1', status: 200 },
        { host: 'fake-chat-api.com', method: 'POST', path: '/room/2', status: 404 },
      ],
      error: {
        type: COMMUNICATION,
        status: 404,
        instance: '/do/0/listenToGossips/foreach/do/0/postToChatApi',
      },
      requests: [1, 2].map((roomId) => ({
        method: 'POST',
        url: `https://fake-chat-api.com/room/${roomId}`,
        body: JSON.stringify({ event: { roomId } }),
      })),
    },
  ],
  // `output.as` takes the array that `listen` gives for an object.
  'examples/accumulate-room-readings.yaml': [
    {
      standIns: [rooms],
      events: [reading('temperature', 'a'), reading('humidity', 'b'), reading('humidity', 'a')],
      error: { type: EXPRESSION, instance: '/do/0/consumeReading' },
    },
  ],
  'examples/for.yaml': [
    { input: { pets: [{ id: 1 }], vet: null }, output: { pets: [{ id: 1 }], vet: null } },
    {
      input: { pets: [{ id: 1 }], vet: { name: 'Ada' } },
      events: [event('com.fake.petclinic.pets.checkup.completed.v2', { pets: [] })],
      error: { type: EXPRESSION, instance: '/do/0/checkup/do/0/waitForCheckup' },
    },
  ],
  'examples/schedule-cron.yaml': [
    {
      standIns: [
        { host: 'example.com', method: 'POST', path: '/api/v1/backup/start', status: 200, json: 'started' },
      ],
      output: 'started',
    },
  ],
  'examples/schedule-event-driven.yaml': [
    {
      input: [event('com.example.hospital.events.patients.heartbeat.low', low)],
      standIns: [
        { host: 'hospital.example.com', method: 'POST', path: '/api/v1/notify', status: 200, json: 'coming' },
      ],
      output: 'coming',
      requests: [
        {
          method: 'POST',
          url: 'https://hospital.example.com/api/v1/notify',
          body: JSON.stringify({
            patientId: 'p1',
            patientName: 'Jane',
            roomNumber: 4,
            vitals: { heartRate: 30, timestamp: low.timestamp },
            message: "Alert: Patient's heartbeat is critically low. Immediate attention required.",
          }),
        },
      ],
    },
  ],
  'examples/set.yaml': [{ input: [trigger], output: { startEvent: trigger } }],
  'examples/set-expression.yaml': [{ input: [trigger], output: trigger }],
};
