/** The timeline: as a list, and live as server-sent events. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TimelineItem } from '../../support/client.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';

let stack: RunStack;
beforeAll(async () => {
  stack = await openRunStack();
});
afterAll(async () => {
  await stack.close();
});

const LOOP = `
document: { dsl: 1.0.3, namespace: test, name: loop, version: 1.0.0 }
do:
  - loop:
      for: { in: '\${ [range(30)] }' }
      do:
        - step: { set: { n: '\${ $index }' } }
`;

interface ServerSentEvent {
  id: string;
  event: string;
  data: TimelineItem;
}

async function openStream(runId: string, headers: Record<string, string>): Promise<Response> {
  const { orgId, apiKey } = stack.org;
  return fetch(`${stack.api.baseUrl}/v1/orgs/${orgId}/runs/${runId}/events`, {
    headers: { authorization: `Bearer ${apiKey}`, accept: 'text/event-stream', ...headers },
  });
}

/** Reads a stream to its end (WHATWG HTML, section 9.2.6, as far as it is used). */
async function follow(runId: string, headers: Record<string, string> = {}): Promise<ServerSentEvent[]> {
  const response = await openStream(runId, headers);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events: ServerSentEvent[] = [];
  for (const block of (await response.text()).split('\n\n')) {
    const fields = Object.fromEntries(
      block
        .split('\n')
        .filter((line) => /^\w+: /.test(line))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    ) as Record<string, string>;
    const { id = '', event = '', data } = fields;
    if (data !== undefined) events.push({ id, event, data: JSON.parse(data) as TimelineItem });
  }
  return events;
}

const types = (items: { type: string }[]): string[] => items.map(({ type }) => type);

describe('the timeline of a run', () => {
  it('is numbered from the creation without gaps, in pages, oldest first', async () => {
    const loop = await stack.org.publish(LOOP);
    const { run } = (await stack.org.start(loop, {}, { prefer: 'wait=10' })).body;
    expect(run.status).toBe('succeeded');
    const items: TimelineItem[] = [];
    let cursor = '';
    do {
      const path = `/v1/orgs/${stack.org.orgId}/runs/${run.id}/events?limit=7${cursor}`;
      const { body } = await stack.org.call<{ items: TimelineItem[]; nextCursor: string | null }>(
        'GET',
        path,
      );
      items.push(...body.items);
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(items.map(({ id }) => id)).toEqual(items.map((_item, index) => index));
    expect(types(items).slice(0, 3)).toEqual(['run_enqueued', 'run_started', 'task_started']);
    expect(items.at(-1)?.type).toBe('run_succeeded');
    expect(items.filter(({ type }) => type === 'task_completed')).toHaveLength(31);
  });

  it('is streamed while the run goes on and ends with its terminal event', async () => {
    const { run } = (await stack.org.start(stack.workflowId, { input: { pauseMs: 1 } })).body;
    const events = await follow(run.id);
    expect(types(events.map(({ data }) => data))).toEqual([
      'run_enqueued',
      'run_started',
      'task_started',
      'task_waiting',
      'run_waiting',
      'task_completed',
      'task_started',
      'task_completed',
      'run_succeeded',
    ]);
    expect(events.map(({ id, event, data }) => id === String(data.id) && event === data.type)).not.toContain(
      false,
    );
  });

  it('goes on after Last-Event-ID', async () => {
    const { run } = (await stack.org.start(stack.workflowId, {}, { prefer: 'wait=10' })).body;
    const all = await follow(run.id);
    const rest = await follow(run.id, { 'last-event-id': '2' });
    expect(rest).toEqual(all.slice(3));
    expect(rest.length).toBeGreaterThan(0);
  });

  it('tells an EventSource with 204 not to come back when it has seen the end', async () => {
    const { run } = (await stack.org.start(stack.workflowId, {}, { prefer: 'wait=10' })).body;
    const last = (await follow(run.id)).at(-1);
    expect(last?.event).toBe('run_succeeded');
    for (const id of [last?.id ?? '', '999', '99999999999']) {
      const answer = await openStream(run.id, { 'last-event-id': id });
      expect(answer.status).toBe(204);
      expect(await answer.text()).toBe('');
    }
  });

  it('ends with the run also when the client says that it has seen more than there is', async () => {
    const { run } = (await stack.org.start(stack.workflowId, { startAt: '2999-01-01T00:00:00Z' })).body;
    const answer = await openStream(run.id, { 'last-event-id': '999' });
    expect(answer.status).toBe(200);
    expect((await stack.org.cancel(run.id)).status).toBe(202);
    expect(await answer.text()).toBe('');
  });

  it('has no page after the largest number', async () => {
    const { run } = (await stack.org.start(stack.workflowId, {})).body;
    const cursor = Buffer.from(String(2 ** 31 - 1)).toString('base64url');
    const path = `/v1/orgs/${stack.org.orgId}/runs/${run.id}/events?cursor=${cursor}`;
    expect(await stack.org.call('GET', path)).toMatchObject({ status: 200, body: { items: [] } });
  });

  it('ends when the run is cancelled', async () => {
    const { run } = (await stack.org.start(stack.workflowId, { startAt: '2999-01-01T00:00:00Z' })).body;
    const following = follow(run.id);
    expect((await stack.org.cancel(run.id)).status).toBe(202);
    expect(types((await following).map(({ data }) => data))).toEqual(['run_enqueued', 'run_cancelled']);
  });
});
