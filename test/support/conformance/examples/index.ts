/** Every example of the specification: how it is run, or that it cannot be. */
import { filesIn, isThere, readText } from '../directory.ts';
import { publish } from '../publish.ts';
import { StandInService } from '../stand-ins.ts';
import { authenticationRuns } from './authentication.ts';
import { callRuns } from './calls.ts';
import { eventRuns } from './events.ts';
import { flowRuns } from './flow.ts';
import type { ExampleRuns } from './types.ts';

export type { ExampleRun, ExampleRuns } from './types.ts';

/** Refused for good: each by what it needs. */
export const BY_DESIGN: readonly string[] = [
  'examples-main/call-asyncapi-subscribe-consume-forever-foreach.yaml',
  'examples-main/run-script-with-stdin-and-arguments.yaml',
  'examples/call-asyncapi-publish.yaml',
  'examples/call-asyncapi-subscribe-consume-amount.yaml',
  'examples/call-asyncapi-subscribe-consume-forever-foreach.yaml',
  'examples/call-asyncapi-subscribe-consume-until.yaml',
  'examples/call-asyncapi-subscribe-consume-while.yaml',
  'examples/call-custom-function-cataloged.yaml',
  // Its .proto is a file: of the host.
  'examples/call-grpc.yaml',
  // Its transport is stdio.
  'examples/call-mcp.yaml',
  'examples/run-container-cleanup-always.yaml',
  'examples/run-container-cleanup-eventually.yaml',
  'examples/run-container-stdin-and-arguments.yaml',
  'examples/run-container-with-name.yaml',
  'examples/run-container-with-pull-policy.yaml',
  'examples/run-container.yaml',
  'examples/run-return-all.yaml',
  'examples/run-return-code.yaml',
  'examples/run-return-none.yaml',
  'examples/run-return-stderr.yaml',
  'examples/run-script-with-stdin-and-arguments.yaml',
  'examples/run-shell-stdin-and-arguments.yaml',
];

/** Every file of both folders, as `examples/set.yaml`. */
export const exampleFiles = (): string[] =>
  ['examples', 'examples-main']
    .flatMap((folder) => filesIn(folder, '.yaml').map((file) => `${folder}/${file}`))
    .sort();

export const exampleRuns = (): ExampleRuns =>
  isThere() ? { ...callRuns(), ...authenticationRuns, ...flowRuns, ...eventRuns } : {};

/** What the validator says of an example that is refused. */
export async function refusalOf(file: string): Promise<string[]> {
  const published = await publish(readText(file), { http: new StandInService([]).answer });
  return published.ok ? [] : published.errors.map(({ message }) => message);
}
