/** The workflows of the load. Each ends with its version's tag, the request's label and what its calls were answered. */
import type { RunStatus } from '../../../lib/db/runs/row.ts';
import type { EffectService, Task } from '../../support/effects.ts';

/** `document.namespace` of all of them. */
const NAMESPACE = 'nemesis';
/** Of the events that `listen` waits for: their data names the label of the request. */
export const GO_TYPE = 'nemesis.go';
/** Of the events that `emit` makes. */
const EMITTED_TYPE = 'nemesis.emitted';

export interface Kind {
  name: string;
  /** How often it is chosen, relative to the others. */
  weight: number;
  /** How a run of it ends, unless it is cancelled. */
  ends: RunStatus;
  /** The calls whose answers its output tells, in the order of the answers. */
  steps: string[];
  /** Tasks before the last one. */
  tasks(effects: EffectService): Task[];
}

const LABEL = '${ $workflow.input.label }';

/** What an answer adds to `$context`. */
const answers = (of: string): { as: string } => ({ as: `\${ ($context // []) + ${of} }` });

/**
 * A call with its place in the order: nothing of a stage may begin once a later stage has.
 * @param stage a number or an expression
 */
const call = (
  effects: EffectService,
  step: string,
  stage: number | string,
  behaviour: Parameters<EffectService['endpoint']>[1] = {},
): Task => ({
  [step]: {
    call: 'http',
    with: {
      method: 'post',
      endpoint: effects.endpoint(step, behaviour),
      body: { label: LABEL, stage },
    },
    export: answers('["\\(.step) \\(.call)"]'),
  },
});

/** The same without a trace in `$context`, which branches would overwrite for each other. */
function branch(...arguments_: Parameters<typeof call>): Task {
  const task = call(...arguments_);
  const [name, body] = Object.entries(task)[0] ?? ['', {}];
  const { export: _unused, ...rest } = body as Record<string, unknown>;
  return { [name]: rest };
}

const EVENTS: Kind[] = [
  {
    name: 'listening',
    weight: 3,
    ends: 'succeeded',
    steps: ['one', 'two'],
    tasks: (effects) => [
      call(effects, 'one', 1),
      {
        hear: {
          listen: {
            to: {
              one: {
                with: { type: GO_TYPE },
                correlate: { label: { from: '${ .data.label }', expect: LABEL } },
              },
            },
          },
        },
      },
      call(effects, 'two', 2),
    ],
  },
  {
    name: 'emitting',
    weight: 3,
    ends: 'succeeded',
    steps: ['one', 'two'],
    tasks: (effects) => [
      call(effects, 'one', 1, { delayMs: 80 }),
      {
        tell: {
          emit: { event: { with: { type: EMITTED_TYPE, source: 'nemesis:load', data: { label: LABEL } } } },
        },
      },
      call(effects, 'two', 2, { delayMs: 80 }),
    ],
  },
];

/** The tasks that every version of the service knows. */
const BASIC: Kind[] = [
  {
    name: 'pure',
    weight: 12,
    ends: 'succeeded',
    steps: [],
    tasks: () => [
      { a: { set: { a: 1 } } },
      { b: { set: { b: '${ .a + 1 }' } } },
      { c: { set: { c: '${ .b + 1 }' } } },
    ],
  },
  {
    name: 'calling',
    weight: 8,
    ends: 'succeeded',
    steps: ['one', 'two', 'three'],
    tasks: (effects) =>
      ['one', 'two', 'three'].map((step, index) => call(effects, step, index + 1, { delayMs: 120 })),
  },
  {
    name: 'long',
    weight: 6,
    ends: 'succeeded',
    steps: Array.from({ length: 8 }, (_none, index) => `step${index}`),
    tasks: (effects) =>
      Array.from({ length: 8 }, (_none, index) => call(effects, `step${index}`, index + 1, { delayMs: 350 })),
  },
  {
    name: 'trying',
    weight: 5,
    ends: 'succeeded',
    steps: ['one', 'shaky', 'three'],
    tasks: (effects) => [
      call(effects, 'one', 1),
      {
        try2: {
          try: [call(effects, 'shaky', 2, { status: 503, times: 2 })],
          catch: {
            errors: { with: { status: 503 } },
            retry: {
              delay: { milliseconds: 200 },
              backoff: { constant: {} },
              limit: { attempt: { count: 10 } },
            },
          },
        },
      },
      call(effects, 'three', 3),
    ],
  },
  {
    name: 'retried',
    weight: 3,
    ends: 'succeeded',
    steps: ['one', 'shaky', 'three'],
    tasks: (effects) => [
      call(effects, 'one', 1),
      call(effects, 'shaky', 2, { status: 503, times: 1 }),
      call(effects, 'three', 3),
    ],
  },
  {
    name: 'waiting',
    weight: 6,
    ends: 'succeeded',
    steps: ['one', 'two'],
    tasks: (effects) => [call(effects, 'one', 1), { nap: { wait: { seconds: 2 } } }, call(effects, 'two', 2)],
  },
  {
    name: 'forking',
    weight: 5,
    ends: 'succeeded',
    steps: ['left', 'middle', 'right', 'after'],
    tasks: (effects) => [
      {
        both: {
          fork: {
            branches: ['left', 'middle', 'right'].map((step) => branch(effects, step, 1, { delayMs: 150 })),
          },
          export: answers('map("\\(.step) \\(.call)")'),
        },
      },
      call(effects, 'after', 2),
    ],
  },
  {
    name: 'looping',
    weight: 5,
    ends: 'succeeded',
    steps: Array.from({ length: 5 }, () => 'item'),
    tasks: (effects) => [
      {
        each: {
          for: { each: 'item', in: '${ [1, 2, 3, 4, 5] }' },
          do: [call(effects, 'item', '${ $item }', { delayMs: 60 })],
        },
      },
    ],
  },
  {
    name: 'parent',
    weight: 4,
    ends: 'succeeded',
    steps: ['one', 'three'],
    tasks: (effects) => [
      call(effects, 'one', 1),
      {
        nested: {
          run: {
            workflow: { namespace: NAMESPACE, name: 'child', version: '1.0.0', input: { label: LABEL } },
          },
        },
      },
      call(effects, 'three', 2),
    ],
  },
  {
    name: 'failing',
    weight: 3,
    ends: 'failed',
    steps: ['one'],
    tasks: (effects) => [
      call(effects, 'one', 1),
      { no: { raise: { error: { type: 'https://nemesis.test/no', status: 409, title: 'no' } } } },
    ],
  },
];

/** Published once and started by `parent` alone. */
export const CHILD: Kind = {
  name: 'child',
  weight: 0,
  ends: 'succeeded',
  steps: ['inner'],
  tasks: (effects) => [call(effects, 'inner', 1, { delayMs: 100 })],
};

/** @param events whether the service knows `emit` and `listen` */
export const kindsOfLoad = (events: boolean): Kind[] => (events ? [...BASIC, ...EVENTS] : BASIC);

/** Started by time alone, every `seconds`. */
export const scheduledDefinition = (seconds: number): string =>
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: NAMESPACE, name: 'scheduled', version: '1.0.0' },
    schedule: { every: { seconds } },
    do: [{ a: { set: { fired: true } } }],
  });

/** The definition's text. @param tag tells one version from another in the output */
export const definitionOf = (kind: Kind, effects: EffectService, tag: number): string =>
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: NAMESPACE, name: kind.name, version: '1.0.0' },
    do: [...kind.tasks(effects), { gathered: { set: { tag, label: LABEL, steps: '${ $context // [] }' } } }],
  });
