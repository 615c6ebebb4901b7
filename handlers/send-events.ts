/** POST /v1/orgs/:orgId/events: CloudEvents 1.0 over HTTP. Answered once they are stored, with or without Redis. */
import { readEvents } from '../lib/events/read.ts';
import { storeEvents } from '../lib/events/store.ts';
import { orgRoute } from '../lib/http/route.ts';

/** CloudEvents 1.0 as JSON. */
const cloudEvent = {
  type: 'object',
  required: ['specversion', 'id', 'source', 'type'],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', minLength: 1 },
    source: { type: 'string', minLength: 1 },
    type: { type: 'string', minLength: 1 },
    subject: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { type: 'string' },
    dataschema: { type: 'string' },
    data: {},
    data_base64: { type: 'string' },
  },
};
const batch = { type: 'array', maxItems: 1000, items: cloudEvent };

export default orgRoute({
  name: 'send-events',
  method: 'post',
  paths: ['/v1/orgs/:orgId/events'],
  summary: 'Send CloudEvents 1.0: structured, binary, or a batch of at most 1000',
  access: 'events:write',
  headers: {
    'ce-id': 'Binary mode: the attributes, percent-encoded, each with the prefix `ce-`',
  },
  bodySchemas: {
    'application/cloudevents+json': cloudEvent,
    'application/cloudevents-batch+json': batch,
    'application/json': {
      description: 'An event or a batch; with `ce-` headers the data of the event',
      anyOf: [cloudEvent, batch],
    },
    '*/*': { description: 'Binary mode, with `ce-` headers: the data, of any type' },
  },
  answers: {
    202: '`{ events: [{ id, source, type, duplicate }] }`, in order: they are stored and will reach whoever listens. A `duplicate` was stored before and changes nothing.',
    415: '`UNSUPPORTED_MEDIA_TYPE`: no media type of CloudEvents, and no `ce-` headers',
    422: '`VALIDATION_FAILED`: what is wrong with which attribute; of a batch nothing was stored',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const events = await readEvents(context);
    const fresh = await storeEvents(deps, events, { orgId: caller.orgId, kind: 'received', runId: null });
    const answers = events.map(({ id, source, type }, index) => ({
      id,
      source,
      type,
      duplicate: fresh[index] !== true,
    }));
    return c.json({ events: answers }, 202);
  },
});
