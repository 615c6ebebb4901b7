/**
 * The examples of the specification: each that can run runs, with services that stand in for those it calls, and
 * gives what its text promises. Each that cannot is listed, with why.
 */
import { describe, expect, it } from 'vitest';
import { isThere, MISSING } from '../support/conformance/directory.ts';
import { BY_DESIGN, exampleFiles, exampleRuns, refusalOf } from '../support/conformance/examples/index.ts';
import { endLike } from '../support/conformance/execute.ts';
import { runExample } from '../support/conformance/run-example.ts';

const runs = Object.entries(exampleRuns()).flatMap(([file, all]) =>
  all.map((run, index) => ({ file, number: index + 1, run })),
);

describe.skipIf(!isThere())('the examples of the specification', () => {
  it('are 74, and each is run or refused for a reason', () => {
    const files = exampleFiles();
    expect(files).toHaveLength(74);
    expect([...new Set(runs.map(({ file }) => file)), ...BY_DESIGN].sort()).toEqual(files);
  });

  it.each(runs)('$file, run $number', async ({ file, run }) => {
    const { end, requests, ports, tookMs } = await runExample(file, run);
    expect(endLike(end, run.error)).toEqual(
      run.error === undefined
        ? { kind: 'completed', output: run.output }
        : { kind: 'faulted', error: run.error },
    );
    expect(requests).toMatchObject(run.requests ?? requests);
    expect(ports.children.started).toMatchObject(run.started ?? ports.children.started);
    const emitted = ports.events.world.events.filter(
      ({ id }) => !run.events?.some((event) => event['id'] === id),
    );
    expect(emitted).toMatchObject(run.emitted ?? emitted);
    expect(tookMs).toBe(run.tookMs ?? 0);
  });

  it.each(BY_DESIGN)('%s is refused by design, and the message says why', async (file) => {
    const messages = await refusalOf(file);
    expect(messages).toContainEqual(expect.stringMatching(/ is not supported: .{30,}/));
    for (const message of messages) expect(message).toMatch(/ is not supported/);
  });
});

it.skipIf(isThere())('needs ../shared/conformance', () => expect.fail(MISSING));
