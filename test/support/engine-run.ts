/** Runs workflows in the interpreter, with a fake side effect: `call: fake`. */
import { parse } from 'yaml';
import { compileWorkflow } from '../../lib/dsl/compile.ts';
import type { CompiledWorkflow } from '../../lib/engine/compiled.ts';
import { execute } from '../../lib/engine/execute.ts';
import { newProgress } from '../../lib/engine/tree.ts';
import type { EngineLimits, Json, Outcome, Progress, RunFacts } from '../../lib/engine/types.ts';
import { TASK_MODULES } from '../../lib/tasks/index.ts';
import type { Frame, TaskModule } from '../../lib/tasks/types.ts';
import { FakePorts } from './engine-ports.ts';

export const RUN_ID = '01890000-0000-7000-8000-000000000001';

/** One execution of a fake side effect. */
export interface FakeCall {
  name: string;
  key: string;
  /** The evaluated `with`. */
  argument: Json;
  /** How often this key was executed before. */
  earlier: number;
  frame: Frame;
}

export interface Setup {
  input?: Json;
  progress?: Progress;
  ports?: FakePorts;
  limits?: Partial<EngineLimits>;
  /** What the effect does; gives back its argument when absent. */
  effect?: (call: FakeCall) => Json | Promise<Json>;
  /** Executions by key, shared by several runs. */
  executed?: string[];
  /** Keys of the effects whose result is recorded. */
  recorded?: Set<string>;
  startedAtMs?: number;
  secrets?: { [name: string]: Json };
  missingSecrets?: string[];
  /** Texts of external resources by JSON pointer. */
  resources?: ReadonlyMap<string, string>;
}

export interface Ran {
  outcome: Outcome;
  ports: FakePorts;
  progress: Progress;
  /** Keys of the executed effects, in order. */
  executed: string[];
}

const header = { dsl: '1.0.3', namespace: 'test', name: 'test', version: '1.0.0' };

/** A definition from YAML text without `document`. */
export function definition(text: string): Json {
  return { document: header, ...(parse(text) as { [key: string]: Json }) };
}

function fakeCallTask(ports: FakePorts, setup: Setup, executed: string[]): TaskModule {
  return {
    kind: 'call-fake',
    matches: (node) => node['call'] === 'fake',
    compile(node, context) {
      const argument = context.template(node['with'] ?? null);
      return {
        durable: true,
        async run(frame, input, progress) {
          const result = await frame.effect(progress, async () => {
            const key = frame.idempotencyKey;
            const earlier = executed.filter((other) => other === key).length;
            ports.reach('effect');
            executed.push(key);
            const value = frame.evaluate(argument, input);
            const call = { name: frame.task.name, key, argument: value, earlier, frame };
            return setup.effect === undefined ? value : setup.effect(call);
          });
          setup.recorded?.add(frame.idempotencyKey);
          return result;
        },
      };
    },
  };
}

/** One execution, from the start or from `setup.progress`. */
export async function run(workflow: string | Json, setup: Setup = {}): Promise<Ran> {
  const ports = setup.ports ?? new FakePorts();
  const progress = setup.progress ?? newProgress();
  const executed = setup.executed ?? [];
  const source = typeof workflow === 'string' ? definition(workflow) : workflow;
  const compiled = compile(source, fakeCallTask(ports, setup, executed), setup.resources);
  const facts: RunFacts = {
    runId: RUN_ID,
    input: setup.input ?? null,
    startedAtMs: setup.startedAtMs ?? ports.clockMs,
    runtime: { name: 'vespid', version: '0.1.0' },
    secrets: { values: setup.secrets ?? {}, missing: setup.missingSecrets ?? [] },
  };
  const limits: EngineLimits = { maxSteps: 10_000, callTimeoutMs: 60_000, ...setup.limits };
  const outcome = await execute(compiled, facts, progress, ports, limits);
  return { outcome, ports, progress, executed };
}

function compile(source: Json, fake: TaskModule, resources?: ReadonlyMap<string, string>): CompiledWorkflow {
  return compileWorkflow(source, [fake, ...TASK_MODULES], resources);
}

/** The output of a workflow that is expected to succeed in one go. */
export async function output(workflow: string | Json, setup: Setup = {}): Promise<Json> {
  const { outcome } = await run(workflow, setup);
  if (outcome.kind !== 'succeeded') throw new Error(`not succeeded: ${JSON.stringify(outcome)}`);
  return outcome.output;
}

/** The error of a workflow that is expected to fail in one go. */
export async function failure(workflow: string | Json, setup: Setup = {}) {
  const { outcome } = await run(workflow, setup);
  if (outcome.kind !== 'failed') throw new Error(`not failed: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** What a parked run waits for: the next event, or that the time comes. */
export function arrive(ports: FakePorts, untilMs: number): void {
  if (!ports.events.next()) ports.clockMs = Math.max(ports.clockMs, untilMs);
}

/** Executes again and again through timers and run-level retries, the tree going through JSON each time. */
export async function runToEnd(workflow: string | Json, setup: Setup = {}, maxExecutions = 50): Promise<Ran> {
  const ports = setup.ports ?? new FakePorts();
  const executed = setup.executed ?? [];
  const startedAtMs = setup.startedAtMs ?? ports.clockMs;
  let progress = setup.progress ?? newProgress();
  for (let count = 0; count < maxExecutions; count += 1) {
    const ran = await run(workflow, { ...setup, ports, executed, startedAtMs, progress });
    const { outcome } = ran;
    if (outcome.kind === 'parked') arrive(ports, outcome.untilMs);
    else if (outcome.kind !== 'failed' || !outcome.retryable) return ran;
    progress = JSON.parse(JSON.stringify(ran.progress)) as Progress;
  }
  throw new Error(`still not over after ${maxExecutions} executions`);
}
