import { describe, expect, test } from 'vitest';
import { WorkflowError } from '../../../lib/engine/errors.ts';
import { failure, output, run, type FakeCall } from '../../support/engine-run.ts';

const communication = 'https://serverlessworkflow.io/spec/1.0.0/errors/communication';
/** A call that fails with 503. */
const unavailable = ({ frame }: FakeCall): never => {
  throw frame.fail('communication', 'no answer', { status: 503 });
};
const tryWith = (clause: string, rest = '') => `
  do:
    - guarded:
        try: [{ work: { call: fake } }]
        catch: ${clause}
        ${rest}
    - after: { set: { after: '\${ . }' } }`;
const caught = `do: [{ handle: { set: { handled: '\${ $error }', data: '\${ . }' } } }]`;

describe('what a try catches', () => {
  const members = {
    type: communication,
    status: 503,
    title: 'Communication error',
    detail: 'no answer',
    instance: '/do/0/guarded/try/0/work',
  };
  const effect = unavailable;

  test.each([
    ['everything without a filter', '{}'],
    ['equal members', `{ errors: { with: ${JSON.stringify(members)} } }`],
    [
      'the main form of the type',
      `{ errors: { with: { type: ${communication.replace('serverlessworkflow.io', 'open-workflow-specification.org')} } } }`,
    ],
    [
      'the CTK form of the type',
      `{ errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/communication } } }`,
    ],
    ['when is true, . being the error', `{ when: .status == 503 }`],
    ['when is true, $error being the error', `{ when: '\${ $error.status == 503 }' }`],
    ['when is true, under a name of its own', `{ as: e, when: $e.status == 503 and . == $e }`],
    ['exceptWhen is false', `{ exceptWhen: .status == 404 }`],
  ])('%s', async (_name, clause) => {
    expect(await output(tryWith(clause), { input: 1, effect })).toEqual({ after: 1 });
  });

  test.each([
    ['another type', `{ errors: { with: { type: https://example.com/other } } }`],
    [
      'another standard type',
      `{ errors: { with: { type: ${communication.replace('communication', 'timeout')} } } }`,
    ],
    ['another status', `{ errors: { with: { status: 500 } } }`],
    ['another detail', `{ errors: { with: { status: 503, detail: no } } }`],
    ['another instance', `{ errors: { with: { instance: /do/0/guarded } } }`],
    ['when is false', `{ when: .status == 404 }`],
    ['when is null', `{ when: 'null' }`],
    ['exceptWhen is true', `{ when: 'true', exceptWhen: .status == 503 }`],
  ])('not: %s; the error goes on unchanged', async (_name, clause) => {
    const { error } = await failure(tryWith(clause), { effect });
    expect(error).toEqual(members);
  });

  test('errors of raise and of expressions too', async () => {
    const raised = `{ raise: { error: { type: https://example.com/x, status: 418 } } }`;
    for (const task of [raised, `{ set: '\${ error("x") }' }`, `{ if: error("x"), set: { a: 1 } }`]) {
      expect(await output(`do: [{ t: { try: [{ bad: ${task} }], catch: {} } }]`, { input: 2 })).toBe(2);
    }
  });

  test('not an error of its own catch.do, which an outer try may catch', async () => {
    const inner = `{ try: [{ work: { call: fake } }], catch: { do: [{ again: { raise: { error: { type: https://example.com/x, status: 418 } } } }] } }`;
    const { error } = await failure(`do: [{ inner: ${inner} }]`, { effect });
    expect(error).toMatchObject({ status: 418, instance: '/do/0/inner/catch/do/0/again' });
    expect(
      await output(
        `do: [{ outer: { try: [{ inner: ${inner} }], catch: { do: [{ h: { set: '\${ $error.status }' } }] } } }]`,
        { effect },
      ),
    ).toBe(418);
  });

  test('an error in its own condition is an expression error of the try', async () => {
    const { error } = await failure(tryWith(`{ when: error("x") }`), { effect });
    expect(error).toMatchObject({ type: expect.stringContaining('/expression'), instance: '/do/0/guarded' });
  });

  test('not a bug', async () => {
    const bug = () => {
      throw new TypeError('a bug');
    };
    await expect(run(tryWith('{}'), { effect: bug })).rejects.toThrow('a bug');
  });
});

describe('what happens to a caught error', () => {
  const effect = unavailable;

  test('without do, retry and then it is swallowed: the output is the transformed input', async () => {
    expect(await output(tryWith('{}', 'input: { from: .x }'), { input: { x: 5 }, effect })).toEqual({
      after: 5,
    });
  });

  test('catch.do runs on the try`s input, with the error bound to $error', async () => {
    expect(await output(tryWith(`{ ${caught} }`), { input: 5, effect })).toEqual({
      after: {
        handled: expect.objectContaining({ status: 503, instance: '/do/0/guarded/try/0/work' }),
        data: 5,
      },
    });
  });

  test('as gives the variable another name', async () => {
    const text = tryWith(`{ as: err, do: [{ h: { set: '\${ $err.status }' } }] }`);
    expect(await output(text, { effect })).toEqual({ after: 503 });
  });

  test('catch.then goes on elsewhere, instead of the try`s then, and only on an error', async () => {
    const text = `
      do:
        - guarded: { try: [{ work: { call: fake } }], catch: { then: rescue }, then: normal }
        - rescue: { set: rescue, then: end }
        - normal: { set: normal }`;
    const setup = { input: 1 };
    expect(
      await output(
        text
          .replaceAll('set: rescue', `set: { went: rescue }`)
          .replaceAll('set: normal', 'set: { went: normal }'),
        { ...setup, effect },
      ),
    ).toEqual({ went: 'rescue' });
    expect(
      await output(
        text
          .replaceAll('set: rescue', `set: { went: rescue }`)
          .replaceAll('set: normal', 'set: { went: normal }'),
        setup,
      ),
    ).toEqual({ went: 'normal' });
  });

  test('catch.then follows catch.do, whose output is the try`s', async () => {
    const text = `
      do:
        - guarded:
            try: [{ work: { call: fake } }]
            catch: { do: [{ h: { set: { a: 1 } } }], then: end }
            output: { as: '.a' }
        - not: { set: { b: 1 } }`;
    expect(await output(text, { effect })).toBe(1);
  });

  test('without an error the output is that of the last task, and catch.do does not run', async () => {
    const text = tryWith(`{ ${caught} }`);
    expect(await output(text, { effect: () => 'fine' })).toEqual({ after: 'fine' });
  });

  test('the outcome of the failed call is recorded before the next side effect', async () => {
    const text = `do: [{ t: { try: [{ a: { call: fake } }], catch: { do: [{ b: { call: fake } }] } } }]`;
    const { ports } = await run(text, { effect: (call) => (call.name === 'a' ? unavailable(call) : 1) });
    expect(ports.moments).toEqual(['recorded', 'effect', 'record', 'recorded', 'effect', 'record']);
  });
});

describe('a limit of the platform', () => {
  test('is not caught, or a try could loop for ever', async () => {
    const text = `do: [{ t: { try: [{ loop: { set: { a: 1 }, then: loop } }], catch: {} } }]`;
    const { error, retryable } = await failure(text, { limits: { maxSteps: 50 } });
    expect(error).toMatchObject({
      type: expect.stringContaining('/runtime'),
      status: 500,
      detail: expect.stringContaining('MAX_RUN_STEPS'),
      instance: '/do/0/t/try/0/loop',
    });
    expect(retryable).toBe(false);
  });
});

describe('the class of an error', () => {
  test('what a side effect throws has the origin call, whatever made it', async () => {
    const thrown: unknown[] = [];
    const text = `do: [{ w: { call: fake } }]`;
    const { retryable } = await failure(text, {
      effect: ({ frame }) => {
        const error = frame.fail('timeout', 'too slow');
        thrown.push(error);
        throw error;
      },
    });
    expect(thrown[0]).toBeInstanceOf(WorkflowError);
    expect(retryable).toBe(true);
  });
});
