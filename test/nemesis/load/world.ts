/** What the load works on: two orgs with their workflows, and what this release of the service can do. */
import { createOrg } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/launch.ts';
import { createRandom } from '../random.ts';
import type { NemesisStack } from '../stack/index.ts';
import { createClient, type Client, type Org } from './client.ts';
import { CHILD, definitionOf, kindsOfLoad, scheduledDefinition, type Kind } from './definitions.ts';
import type { Journal } from './journal.ts';

/** How often the schedule of the load fires. */
export const SCHEDULE_SECONDS = 3;

export interface Workflow {
  id: string;
  kind: Kind;
  /** Of the definition that was sent last. */
  tag: number;
  /** Somebody publishes it now. */
  isPublishing: boolean;
}

export interface OrgWorld {
  org: Org;
  workflows: Workflow[];
}

/** What the load uses only where the service has it. */
export interface Features {
  suspend: boolean;
  rerun: boolean;
  events: boolean;
  schedules: boolean;
}

export interface World {
  stack: NemesisStack;
  journal: Journal;
  orgs: [OrgWorld, OrgWorld];
  features: Features;
  /** A label that no other request has. */
  label(): string;
}

const isValid = async (client: Client, definition: string): Promise<boolean> => {
  const path = `/v1/orgs/${client.org.id}/workflows/validate`;
  const headers = { 'content-type': 'application/yaml' };
  const { status, body } = await client.ask<{ valid: boolean }>({
    method: 'POST',
    path,
    body: definition,
    headers,
  });
  return status === 200 && body.valid === true;
};

async function findFeatures(client: Client, stack: NemesisStack): Promise<Features> {
  const { body } = await client.ask<{ paths: Record<string, unknown> }>({
    method: 'GET',
    path: '/openapi.json',
  });
  const has = (path: string): boolean => body.paths?.[`/v1/orgs/{orgId}${path}`] !== undefined;
  const events = kindsOfLoad(true).slice(kindsOfLoad(false).length);
  const knowsEvents = await Promise.all(
    events.map((kind) => isValid(client, definitionOf(kind, stack.effects, 1))),
  );
  return {
    suspend: has('/runs/{runId}/suspend') && has('/runs/{runId}/resume'),
    rerun: has('/runs/{runId}/rerun'),
    events: has('/events') && knowsEvents.every(Boolean),
    schedules: has('/schedules') && (await isValid(client, scheduledDefinition(SCHEDULE_SECONDS))),
  };
}

/** Creates a workflow and publishes its first version. */
async function publish(client: Client, definition: string): Promise<string> {
  const workflows = `/v1/orgs/${client.org.id}/workflows`;
  const headers = { 'content-type': 'application/yaml' };
  const created = await client.ask<{ workflow: { id: string } }>({
    method: 'POST',
    path: workflows,
    body: definition,
    headers,
  });
  const id = created.body.workflow?.id;
  const published = await client.ask({ method: 'POST', path: `${workflows}/${id}/publish` });
  if (id === undefined || published.status !== 200) {
    throw new Error(`not published: ${JSON.stringify([created.body, published.body])}`);
  }
  return id;
}

async function openOrg(
  stack: NemesisStack,
  journal: Journal,
  random: ReturnType<typeof createRandom>,
): Promise<{ client: Client; features: Features }> {
  const baseUrl = stack.fleet.apis[0]?.baseUrl ?? '';
  const { orgId, apiKey } = await createOrg(baseUrl, ADMIN_TOKEN);
  const client = createClient(stack.fleet, { id: orgId, apiKey }, random, journal);
  return { client, features: await findFeatures(client, stack) };
}

async function publishKinds(client: Client, stack: NemesisStack, features: Features): Promise<Workflow[]> {
  await publish(client, definitionOf(CHILD, stack.effects, 1));
  return Promise.all(
    kindsOfLoad(features.events).map(async (kind) => ({
      id: await publish(client, definitionOf(kind, stack.effects, 1)),
      kind,
      tag: 1,
      isPublishing: false,
    })),
  );
}

/** Makes the orgs and publishes what the load starts; the first org has a schedule too. */
export async function openWorld(stack: NemesisStack, journal: Journal, seed: number): Promise<World> {
  const random = createRandom(seed).branch('world');
  const first = await openOrg(stack, journal, random);
  const second = await openOrg(stack, journal, random);
  const { features } = first;
  const worldOf = async ({ client }: typeof first): Promise<OrgWorld> => ({
    org: client.org,
    workflows: await publishKinds(client, stack, features),
  });
  const orgs: [OrgWorld, OrgWorld] = [await worldOf(first), await worldOf(second)];
  if (features.schedules) await publish(first.client, scheduledDefinition(SCHEDULE_SECONDS));
  let labels = 0;
  const label = (): string => {
    labels += 1;
    return `${seed}-${labels}`;
  };
  return { stack, journal, orgs, features, label };
}
