import { describe, expect, test } from 'vitest';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run } from '../../support/engine-run.ts';

/** Takes some 2000 steps. */
const COUNTING = '([range(1000)] | length)';
const limits = { expression: { maxSteps: 9000 } };
const expressionError = {
  error: { status: 400, detail: expect.stringContaining('(limit: steps)') as string },
};

const cases = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{ c${index}: { when: '${COUNTING} < 0', then: end } }`).join(
    ', ',
  );

describe('the budget of expressions', () => {
  test('is one for all the cases of a switch', async () => {
    expect(await output(`do: [{ s: { switch: [${cases(2)}] } }]`, { limits })).toBeNull();
    expect(await failure(`do: [{ s: { switch: [${cases(20)}] } }]`, { limits })).toMatchObject(
      expressionError,
    );
  });

  test('is one for all parts of an HTTP request', async () => {
    const parts = (count: number): string =>
      Array.from({ length: count }, (_, index) => `h${index}: '\${ ${COUNTING} | tostring }'`).join(', ');
    const call = (count: number): string =>
      `do: [{ c: { call: http, with: { method: get, endpoint: 'http://x.example', headers: { ${parts(count)} }, query: { ${parts(count)} } } } }]`;
    expect((await failure(call(1), { limits })).error).toMatchObject({ status: 500 });
    expect(await failure(call(5), { limits })).toMatchObject(expressionError);
  });

  test('is a new one for each stage and each task', async () => {
    const task = `{ if: '${COUNTING} > 0', input: { from: '${COUNTING}' }, set: { a: '\${ ${COUNTING} }' }, output: { as: '${COUNTING}' }, export: { as: '${COUNTING}' } }`;
    expect(await output(`do: [{ a: ${task} }, { b: ${task} }, { c: ${task} }]`, { limits })).toBe(1000);
  });

  test('is a new one for the catch of a task that has used up its own, and one for all around it', async () => {
    const raising = `[{ burn: { set: { a: '\${ repeat(empty) }' } } }]`;
    const caught = `do: [{ t: { try: ${raising}, catch: { when: '${COUNTING} > 0', do: [] } } }]`;
    expect(await output(caught, { limits })).toBeNull();
    const nested = Array.from({ length: 20 }).reduce<string>(
      (inner, _, index) => `[{ t${index}: { try: ${inner}, catch: { when: '${COUNTING} < 0', do: [] } } }]`,
      raising,
    );
    const { error } = await failure(`do: ${nested}`, { limits });
    // Not all twenty had a budget: one of them has failed by its own condition.
    expect(error).toMatchObject({ status: 400, detail: expect.stringContaining(COUNTING) });
  });
});

describe('time slices', () => {
  test('the next one is asked for after every wait, as many answers may come at once', async () => {
    const asked: number[] = [];
    class CountingPorts extends FakePorts {
      override turn(usedMs: number): Promise<void> | undefined {
        asked.push(usedMs);
        return super.turn(usedMs);
      }
    }
    const pure = '{ p: { set: { a: 1 } } }, { q: { set: { a: 1 } } }';
    await run(`do: [${pure}]`, { ports: new CountingPorts() });
    const before = asked.splice(0).length;
    await run(`do: [{ one: { call: fake } }, { two: { call: fake } }, ${pure}]`, {
      ports: new CountingPorts(),
    });
    expect(asked.length - before).toBe(2);
  });
});
