import { describe, expect, test } from 'vitest';
import { failure, output, run, RUN_ID } from '../../support/engine-run.ts';

describe('the stages of a task, in order', () => {
  test('if sees the raw input, from transforms it, the body sees that, as transforms the output, export sees that', async () => {
    const { outcome, progress } = await run(
      `
      do:
        - stages:
            if: .raw
            input: { from: '{ transformed: .raw }' }
            set: { body: '\${ . }', input: '\${ $input }' }
            output: { as: '{ as: ., input: $input }' }
            export: { as: '{ exported: ., output: $output, input: $input }' }
      `,
      { input: { raw: 1 } },
    );
    const input = { transformed: 1 };
    const transformed = { as: { body: input, input }, input };
    expect(outcome).toEqual({ kind: 'succeeded', output: transformed });
    expect(progress.context).toEqual({ exported: transformed, output: transformed, input });
  });

  test('what a stage does not have is null, and nothing is undefined', async () => {
    const all = '[$input, $output, $secrets, $authorization, $context]';
    expect(
      await output(`
        input: { from: '${all}' }
        do:
          - a:
              if: '[$input, $output, $secrets, $authorization, $context] == [null, null, {}, null, null]'
              set: '\${ { workflowFrom: ., taskBody: ${all} } }'
        `),
    ).toEqual({
      workflowFrom: [null, null, {}, null, null],
      taskBody: [[null, null, {}, null, null], null, {}, null, null],
    });
  });

  test('a skipped task passes its raw input on and has no other stage', async () => {
    const { outcome, progress, ports } = await run(
      `
      do:
        - skipped:
            if: '\${ false }'
            input: { from: error("from") }
            set: { x: 1 }
            output: { as: error("as") }
            export: { as: error("export") }
            then: end
        - next: { set: '\${ { seen: . } }' }
      `,
      { input: 5 },
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: { seen: 5 } });
    expect(progress.context).toBeNull();
    expect(ports.story).toEqual(['task_started /do/1/next', 'task_completed /do/1/next']);
  });

  test('from and as take a template or an expression', async () => {
    expect(
      await output(
        `
        input: { from: { a: '\${ .x }', b: '.x' } }
        output: { as: { result: '\${ . }' } }
        do:
          - t:
              input: { from: { a: '\${ .a + 1 }', b: '\${ .b }' } }
              set: '\${ . }'
              output: { as: '.a, .b' }
        `,
        { input: { x: 1 } },
      ),
    ).toEqual({ result: [2, '.x'] });
  });

  test('$context is null first, is replaced by export.as, and is kept without', async () => {
    expect(
      await output(`
        do:
          - first: { set: { a: 1 }, export: { as: '$context + { first: .a }' } }
          - second: { set: { b: '\${ $context.first + 1 }' } }
          - third: { set: '\${ $context }', export: { as: '{ only: 3 }' } }
        output: { as: '{ data: ., context: $context }' }
        `),
    ).toEqual({ data: { first: 1 }, context: { only: 3 } });
  });

  test('set replaces the data', async () => {
    expect(await output(`do: [{ a: { set: { x: 1 } } }, { b: { set: { y: 2 } } }]`)).toEqual({ y: 2 });
  });

  test('without tasks the input is the output', async () => {
    expect(await output('do: []', { input: { a: 1 } })).toEqual({ a: 1 });
  });
});

describe('descriptors', () => {
  test('$workflow, $runtime and $task say what runs', async () => {
    const { outcome, ports } = await run(
      `
      do:
        - describe:
            input: { from: .x }
            set:
              workflow: '\${ $workflow | del(.definition) }'
              document: '\${ $workflow.definition.document.name }'
              runtime: '\${ $runtime }'
              task: '\${ $task | del(.definition) }'
              definition: '\${ $task.definition | keys }'
      `,
      { input: { x: 1 } },
    );
    const milliseconds = ports.clockMs;
    const startedAt = {
      iso8601: '2026-01-01T00:00:00.000Z',
      epoch: { seconds: milliseconds / 1000, milliseconds },
    };
    expect(outcome).toEqual({
      kind: 'succeeded',
      output: {
        workflow: { id: RUN_ID, input: { x: 1 }, startedAt },
        document: 'test',
        runtime: { name: 'vespid', version: '0.1.0', metadata: {} },
        task: {
          name: 'describe',
          reference: '/do/0/describe',
          input: { x: 1 },
          output: null,
          startedAt,
          idempotencyKey: `${RUN_ID}/do/0/describe`,
        },
        definition: ['input', 'set'],
      },
    });
  });

  test('$task.output is the raw output once there is one', async () => {
    expect(await output(`do: [{ a: { set: { x: 1 }, output: { as: '$task.output' } } }]`)).toEqual({ x: 1 });
  });
});

describe('errors of a stage', () => {
  test.each([
    ['if', `{ if: error("x"), set: { a: 1 } }`],
    ['input.from', `{ input: { from: error("x") }, set: { a: 1 } }`],
    ['the body', `{ set: '\${ error("x") }' }`],
    ['output.as', `{ set: { a: 1 }, output: { as: error("x") } }`],
    ['export.as', `{ set: { a: 1 }, export: { as: error("x") } }`],
  ])('in %s is an expression error of the task, which starts and faults', async (_stage, task) => {
    const { outcome, ports, progress } = await run(`do: [{ bad: ${task} }, { not: { set: { a: 1 } } }]`);
    expect(outcome).toMatchObject({
      kind: 'failed',
      retryable: false,
      error: { type: expect.stringContaining('/expression'), status: 400, instance: '/do/0/bad' },
    });
    expect(ports.story).toEqual(['task_started /do/0/bad', 'task_faulted /do/0/bad']);
    expect(progress.context).toBeNull();
  });

  test('in the workflow`s input.from is one of /input, in its output.as of /output', async () => {
    const before = await failure(`{ input: { from: error("x") }, do: [{ a: { set: { b: 1 } } }] }`);
    expect(before.error).toMatchObject({ instance: '/input', status: 400 });
    const after = await failure(`{ output: { as: error("x") }, do: [{ a: { set: { b: 1 } } }] }`);
    expect(after.error).toMatchObject({ instance: '/output', status: 400 });
  });
});

describe('secrets', () => {
  test('are there at every stage, that of the workflow too', async () => {
    const { outcome } = await run(
      `
      input: { from: '{ in: $secrets.key }' }
      output: { as: '{ all: ., out: $secrets.key }' }
      do: [{ t: { if: '$secrets.key == "k"', set: { was: '\${ .in }', now: '\${ $secrets.key }' } } }]
      `,
      { secrets: { key: 'k' } },
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: { all: { was: 'k', now: 'k' }, out: 'k' } });
  });

  test('that the org lacks are an authorization error wherever they are read, and nowhere else', async () => {
    const setup = { missingSecrets: ['key'] };
    expect(await output(`do: [{ t: { set: { x: 1 } } }]`, setup)).toEqual({ x: 1 });
    const { error } = await failure(`do: [{ t: { set: { x: '\${ $secrets.other }' } } }]`, setup);
    expect(error).toMatchObject({ status: 403, instance: '/do/0/t' });
    expect(error.detail).toBe('The org has no secret "key".');
  });
});
