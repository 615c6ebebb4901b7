/** The routes of schedules: what they show, to whom, and which schedules are refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScheduleResource } from '../../../lib/db/schedules/row.ts';
import { createOrg, orgClient, type OrgClient } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { act, definitionOf, mustHave, publish, republish, type ScheduleAnswer } from './kit.ts';

interface Listed {
  items: ScheduleResource[];
  nextCursor: string | null;
}

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({ withWorker: false });
});
afterAll(() => stack.close());

const list = async (org: OrgClient, query = ''): Promise<Listed> =>
  (await org.call<Listed>('GET', `/v1/orgs/${org.orgId}/schedules${query}`)).body;

const get = (org: OrgClient, id: string): Promise<ScheduleAnswer> =>
  org.call('GET', `/v1/orgs/${org.orgId}/schedules/${id}`);

describe('schedules', () => {
  it('are listed newest first, page by page', async () => {
    const org = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    expect(await list(org)).toEqual({ items: [], nextCursor: null });
    const workflowIds: string[] = [];
    for (const schedule of [{ every: 'PT1H' }, { cron: 'TZ=Asia/Tokyo 0 9 * * 1' }, { after: 'PT1H' }]) {
      workflowIds.unshift(await publish(org, { schedule }));
    }
    const first = await list(org, '?limit=2');
    const second = await list(org, `?limit=2&cursor=${first.nextCursor ?? ''}`);
    const items = [...first.items, ...second.items];
    expect(items.map(({ workflowId }) => workflowId)).toEqual(workflowIds);
    expect(second.nextCursor).toBeNull();
    expect(items.map(({ kind }) => kind)).toEqual(['after', 'cron', 'every']);
    const [, cron, every] = items;
    expect(cron).toMatchObject({
      cron: '0 9 * * 1',
      timeZone: 'Asia/Tokyo',
      overlap: 'allow',
      catchUp: true,
    });
    expect(Date.parse(every?.nextFireAt ?? '') - Date.parse(every?.createdAt ?? '')).toBe(3_600_000);
    expect((await get(org, every?.id ?? '')).body).toEqual({ schedule: every });
  });

  it("of another org can be neither seen nor paused, and need a key's scopes", async () => {
    const owner = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const stranger = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const { id } = await mustHave(owner, await publish(owner, { schedule: { every: 'PT1H' } }));
    for (const answer of [
      await get(stranger, id),
      await act(stranger, id, 'pause'),
      await act(stranger, id, 'resume'),
    ]) {
      expect(answer).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
    expect(await list(stranger)).toEqual({ items: [], nextCursor: null });
    expect((await get(owner, 'no-id')).status).toBe(404);
    expect((await get(owner, id)).body.schedule.pausedAt).toBeNull();
    const { body } = await owner.call<{ apiKey: { key: string } }>(
      'POST',
      `/v1/orgs/${owner.orgId}/api-keys`,
      {
        scopes: ['workflows:read'],
      },
    );
    const reader = orgClient(stack.api.baseUrl, owner.orgId, body.apiKey.key);
    expect((await get(reader, id)).status).toBe(200);
    expect(await act(reader, id, 'pause')).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('that could not be kept are refused, with the place and the reason', async () => {
    const { org } = stack;
    const refusal = async (schedule: Record<string, unknown>) => {
      const { status, code, body } = await org.call<{ errors?: { path: string }[] }>(
        'POST',
        `/v1/orgs/${org.orgId}/workflows`,
        { definition: definitionOf({ schedule }) },
      );
      return { status, code, paths: body.errors?.map(({ path }) => path) };
    };
    const refused = (path: string) => ({
      status: 422,
      code: 'WORKFLOW_INVALID',
      paths: [`/definition${path}`],
    });
    expect(await refusal({ every: 'PT0.1S' })).toEqual(refused('/schedule/every'));
    expect(await refusal({ cron: '0 0 30 2 *' })).toEqual(refused('/schedule/cron'));
    expect(await refusal({ on: { all: [] } })).toEqual(refused('/schedule/on/all'));
    expect(await refusal({ every: 'PT1H', cron: '0 0 1 1 *' })).toEqual(refused('/schedule'));
  });

  it('are not disturbed by publishing a draft that has not changed', async () => {
    const { org, sql } = stack;
    const workflowId = await publish(org, { schedule: { every: 'PT1H' } });
    const before = await mustHave(org, workflowId);
    await org.call('POST', `/v1/orgs/${org.orgId}/workflows/${workflowId}/publish`);
    expect(await mustHave(org, workflowId)).toEqual(before);
    // Nor by many publishes at the same time: the newest version's stands.
    const texts = ['PT2H', 'PT3H', 'PT4H'];
    const answers = await Promise.all(
      texts.map((every) => republish(org, workflowId, { schedule: { every } })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const after = await mustHave(org, workflowId);
    const [newest] = await sql<{ version: number; every: string }[]>`
      SELECT version, definition #>> '{schedule,every}' AS every FROM workflow_versions
      WHERE workflow_id = ${workflowId} ORDER BY version DESC LIMIT 1`;
    expect(after).toMatchObject({ id: before.id, version: newest?.version, every: newest?.every });
  });
});
