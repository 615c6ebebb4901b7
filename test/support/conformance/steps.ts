/** What the steps of the conformance kit mean. A step that is not known here fails its scenario by name. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionError } from '../../../lib/dsl/validate.ts';
import { member } from '../../../lib/engine/json.ts';
import type { DslError, Json } from '../../../lib/engine/types.ts';
import { parseYamlText } from '../../../lib/dsl/yaml.ts';
import { FakePorts } from '../engine-ports.ts';
import { runToEnd, type End } from './execute.ts';
import type { Scenario, Step } from './gherkin.ts';
import { publish } from './publish.ts';
import { kitStandIns, StandInService } from './stand-ins.ts';

/** How a scenario ends: as it says, or refused at publish. Anything else is thrown. */
export type Verdict = { passed: true } | { passed: false; refused: DefinitionError[] };

interface World {
  definition: string | null;
  input: Json;
  end: End | null;
  /** Names of the tasks, in the order in which they started. */
  started: string[];
}

class Refused extends Error {
  readonly errors: DefinitionError[];
  constructor(errors: DefinitionError[]) {
    super('the definition was refused');
    this.errors = errors;
  }
}

type Meaning = [
  pattern: RegExp,
  act: (world: World, step: Step, ...groups: string[]) => void | Promise<void>,
];

const MEANINGS: readonly Meaning[] = [
  [/^a workflow with definition:$/, (world, step) => void (world.definition = documentOf(step))],
  [/^given the workflow input is:$/, (world, step) => void (world.input = yamlOf(step))],
  [/^the workflow is executed$/, execute],
  [/^the workflow should complete$/, (world) => void outputOf(world)],
  [
    /^the workflow should complete with output:$/,
    (world, step) => equal('the output', outputOf(world), yamlOf(step)),
  ],
  [/^the workflow should fault$/, (world) => void errorOf(world)],
  [/^the workflow should fault with error:$/, faultsWith],
  [
    /^the workflow output should have properties (.+)$/,
    (world, _, names) => {
      for (const [, name = ''] of names?.matchAll(/'([^']+)'/g) ?? []) propertyOf(world, name);
    },
  ],
  [
    /^the workflow output should have a '([^']+)' property with value:$/,
    (world, step, name = '') => equal(name, propertyOf(world, name), yamlOf(step)),
  ],
  [
    /^the workflow output should have a '([^']+)' property containing (\d+) items$/,
    (world, _, name = '', count) => {
      const items = propertyOf(world, name);
      equal(`the length of ${name}`, Array.isArray(items) ? items.length : null, Number(count));
    },
  ],
  [
    /^(\S+) should run (first|last)$/,
    ({ started }, _, task = '', place) =>
      equal(`the task that runs ${place}`, started.at(place === 'first' ? 0 : -1) ?? null, task),
  ],
  [/^(\S+) should run (before|after) (\S+)$/, runsInOrder],
];

/**
 * Plays a scenario: publish, run, look at what came out.
 * @throws {Error} for a step that is not understood, and for an expectation that is not met
 */
export async function play({ steps }: Scenario): Promise<Verdict> {
  const world: World = { definition: null, input: null, end: null, started: [] };
  try {
    for (const step of steps) await take(world, step);
    return { passed: true };
  } catch (error) {
    if (error instanceof Refused) return { passed: false, refused: error.errors };
    throw error;
  }
}

async function take(world: World, step: Step): Promise<void> {
  for (const [pattern, act] of MEANINGS) {
    const groups = pattern.exec(step.text);
    if (groups !== null) return act(world, step, ...groups.slice(1));
  }
  throw new Error(`the step "${step.text}" is not understood`);
}

async function execute(world: World): Promise<void> {
  if (world.definition === null) throw new Error('the scenario has no definition');
  const service = new StandInService(kitStandIns());
  const published = await publish(world.definition, { http: service.answer });
  if (!published.ok) throw new Refused(published.errors);
  const ports = new FakePorts();
  ports.answer = service.answer;
  world.end = await runToEnd(published.version, { input: world.input, ports });
  world.started = ports.entries.filter(({ type }) => type === 'task_started').map(({ name }) => name);
}

function outputOf({ end }: World): Json {
  if (end?.kind === 'completed') return end.output;
  throw new Error(`the workflow did not complete: ${JSON.stringify(end)}`);
}

function errorOf({ end }: World): DslError {
  if (end?.kind === 'faulted') return end.error;
  throw new Error(`the workflow did not fault: ${JSON.stringify(end)}`);
}

/** What the scenario gives of the error; it may have more. */
function faultsWith(world: World, step: Step): void {
  const error = errorOf(world);
  for (const [name, value] of Object.entries(yamlOf(step) ?? {})) {
    equal(`the error's ${name}`, member({ ...error }, name) ?? null, value as Json);
  }
}

/** @param name a path with dots, `error.instance` say */
function propertyOf(world: World, name: string): Json {
  const output = outputOf(world);
  const value = name.split('.').reduce<Json | undefined>((value, key) => member(value, key), output);
  if (value === undefined) throw new Error(`the output has no ${name}: ${JSON.stringify(output)}`);
  return value;
}

function runsInOrder({ started }: World, _: Step, task = '', order = '', other = ''): void {
  const [at, otherAt] = [started.indexOf(task), started.indexOf(other)];
  const inOrder = at >= 0 && otherAt >= 0 && (order === 'before' ? at < otherAt : at > otherAt);
  if (!inOrder) throw new Error(`${task} did not run ${order} ${other}: ${started.join(', ')}`);
}

function equal(what: string, actual: Json, expected: Json): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what} is ${JSON.stringify(actual)}, and should be ${JSON.stringify(expected)}`);
}

function documentOf({ text, document }: Step): string {
  if (document === undefined) throw new Error(`the step "${text}" has no doc string`);
  return document;
}

function yamlOf(step: Step): Json {
  const parsed = parseYamlText(documentOf(step), { maxDepth: 100, maxAliased: 1000 });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}
