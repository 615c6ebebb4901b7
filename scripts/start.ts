/**
 * `npm start`: a whole Vespid on this machine until Ctrl-C. `npm run demo` (`--demo`): the same, one run with its
 * timeline, and the end.
 */
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { bringUp, type LocalStack } from './stack/bring-up.ts';
import type { Run } from './stack/dev-client.ts';
import { ECHO_PORT } from './stack/echo-service.ts';
import { openLifetime, type Lifetime } from './stack/lifetime.ts';
import { complain, say, step } from './stack/say.ts';
import { readSettings } from './stack/settings.ts';
import { formatTimeline } from './stack/timeline.ts';

const ROOT = join(import.meta.dirname, '..');
const WAIT_SECONDS = 20;
const FIRST_EXAMPLE = 'hello.yaml';
const INPUT = { name: 'Vespid' };

/** Runs hello.yaml, or the first example when there is none of that name. */
async function runOne({ client, dev, workflows }: LocalStack): Promise<{ run: Run; workflowId: string }> {
  const name = workflows.has(FIRST_EXAMPLE) ? FIRST_EXAMPLE : [...workflows.keys()][0];
  const workflowId = name === undefined ? undefined : workflows.get(name);
  if (name === undefined || workflowId === undefined) throw new Error('No example could be published.');
  const run = await step(`running examples/${name}`, () => client.run(dev, workflowId, INPUT, WAIT_SECONDS));
  say(`examples/${name}: ${run.status} ${JSON.stringify(run.error ?? run.output)}`);
  return { run, workflowId };
}

function printStack({ dev, devFile, workflows, echoUrl }: LocalStack, workflowId: string): void {
  const file = relative(process.cwd(), devFile);
  say('');
  say(`Vespid runs at ${dev.baseUrl}`);
  say(`  org       ${dev.orgId}`);
  say(`  API key   ${dev.apiKey}`);
  say(`  details   ${file.startsWith('..') ? devFile : file} (also logs/ beside it)`);
  say(`  examples  ${[...workflows.keys()].join(' ')}`);
  if (!echoUrl.endsWith(`:${ECHO_PORT}`)) {
    say(
      `  port ${ECHO_PORT} is taken: give examples that call a service the input {"serviceUrl":"${echoUrl}"}`,
    );
  }
  say('');
  say('Start a run:');
  say(
    `  curl -s -X POST ${dev.baseUrl}/v1/orgs/${dev.orgId}/workflows/${workflowId}/runs ` +
      `-H 'Authorization: Bearer ${dev.apiKey}' -H 'Content-Type: application/json' ` +
      `-H 'Prefer: wait=${WAIT_SECONDS}' -d '${JSON.stringify({ input: INPUT })}'`,
  );
  say('');
  say('Ctrl-C stops everything.');
}

async function work(isDemo: boolean, lifetime: Lifetime): Promise<boolean> {
  // A demo is over before anybody could call it, so it takes any port.
  const settings = readSettings(process.env, isDemo ? 0 : undefined);
  const stack = await bringUp(ROOT, settings, lifetime);
  const { run, workflowId } = await runOne(stack);
  if (!isDemo) {
    printStack(stack, workflowId);
    await lifetime.untilStopped();
    return true;
  }
  say(`\nTimeline of run ${run.id}:\n${formatTimeline(await stack.client.timeline(stack.dev, run.id))}`);
  return run.status === 'succeeded';
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
  const lifetime = openLifetime();
  let succeeded = false;
  try {
    succeeded = await work(values.demo, lifetime);
  } catch (error) {
    succeeded = lifetime.signal.aborted;
    if (!succeeded) complain(error instanceof Error ? error.message : String(error));
  }
  const clean = await lifetime.close();
  return succeeded && clean ? 0 : 1;
}

process.exit(await main());
