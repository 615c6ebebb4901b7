/** What holds of a feature: its definition is published and run, and the answer is read off. */
import { isDeepStrictEqual } from 'node:util';
import { compileWorkflow } from '../../lib/dsl/compile.ts';
import type { DefinitionError } from '../../lib/dsl/validate.ts';
import { standardName } from '../../lib/engine/errors.ts';
import { TASK_MODULES } from '../../lib/tasks/index.ts';
import { FakePorts } from '../../test/support/engine-ports.ts';
import { runToEnd, type End } from '../../test/support/conformance/execute.ts';
import { publish } from '../../test/support/conformance/publish.ts';
import type { Feature } from './feature.ts';
import { GREETING, outside } from './outside.ts';

export type Status = 'supported' | 'refused by design';

export interface Judgement {
  status: Status;
  /** Why it is refused, as the validator says it; null when it is supported. */
  reason: string | null;
}

/**
 * Publishes the feature's definition and, where the feature says how it ends, runs it.
 * @throws {Error} when the definition is not well-formed, does not compile, or ends in another way
 */
export async function judge(feature: Feature): Promise<Judgement> {
  const { secrets } = feature;
  const published = await publish(definitionOf(feature), { http: outside, secrets });
  if (!published.ok) return refusal(feature, published.errors);
  if (feature.end === null) {
    compileWorkflow(published.version.definition, TASK_MODULES, published.version.resources);
    return { status: 'supported', reason: null };
  }
  const ports = new FakePorts();
  ports.answer = outside;
  ports.answerGrpc = async () => GREETING;
  for (const id of ['child-1', 'child-2'])
    ports.children.states.set(id, { kind: 'succeeded', output: 'child' });
  ports.events.world.arriving.push(...feature.events);
  const end = await runToEnd(published.version, { input: feature.input, secrets, ports });
  check(feature, end);
  return { status: 'supported', reason: null };
}

/** The YAML of the feature's whole definition. */
export function definitionOf({ dsl, definition }: Feature): string {
  if (definition.startsWith('document:')) return definition;
  return `document: { dsl: '${dsl}', namespace: table, name: feature, version: '1.0.0' }\n${definition}`;
}

function check({ name, end }: Feature, found: End): void {
  const asSaid =
    end !== null &&
    ('gives' in end
      ? found.kind === 'completed' && isDeepStrictEqual(found.output, end.gives)
      : found.kind === 'faulted' && standardName(found.error.type) === end.faults);
  if (!asSaid)
    throw new Error(`${name}: expected ${JSON.stringify(end)}, and it is ${JSON.stringify(found)}`);
}

function refusal(feature: Feature, errors: readonly DefinitionError[]): Judgement {
  const [first] = errors;
  const shape = errors.find(({ kind }) => kind === 'shape');
  if (first === undefined || shape !== undefined) {
    throw new Error(`${feature.name}: its definition is malformed: ${shape?.path}: ${shape?.message}`);
  }
  if (feature.end !== null) throw new Error(`${feature.name} is refused: ${first.path}: ${first.message}`);
  return { status: 'refused by design', reason: first.message };
}
