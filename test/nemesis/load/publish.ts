/** A new version of a workflow, in the middle of the load. */
import { definitionOf } from './definitions.ts';
import { chooseWorkflow, type Session } from './start.ts';

/** Replaces the draft by one with the next tag and publishes it; the versions tell themselves apart by it. */
export async function publishVersion(session: Session): Promise<void> {
  const { client, world } = session;
  const workflow = chooseWorkflow(session);
  if (workflow.isPublishing) return;
  workflow.isPublishing = true;
  try {
    workflow.tag += 1;
    const path = `/v1/orgs/${client.org.id}/workflows/${workflow.id}`;
    const body = definitionOf(workflow.kind, world.stack.effects, workflow.tag);
    const headers = { 'content-type': 'application/yaml' };
    const replaced = await client.ask({ method: 'PUT', path, body, headers });
    if (replaced.status !== 200) return;
    const {
      sentAt,
      answeredAt,
      status,
      body: answer,
    } = await client.ask<{ version: { version: number } }>({
      method: 'POST',
      path: `${path}/publish`,
    });
    const version = status === 200 ? (answer.version?.version ?? null) : null;
    world.journal.publishes.push({ workflowId: workflow.id, sentAt, answeredAt, version });
  } finally {
    workflow.isPublishing = false;
  }
}
