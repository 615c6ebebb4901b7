/** docs/conformance.md: it is what the service does now, and every place that it names is there. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { READINGS, SECTIONS } from '../../scripts/conformance/features/index.ts';
import { root, task } from '../../scripts/conformance/feature.ts';
import { definitionOf, judge } from '../../scripts/conformance/judge.ts';
import { conformancePage } from '../../scripts/conformance/page.ts';
import { deadReferences } from '../../scripts/conformance/references.ts';
import { isThere, MISSING } from '../support/conformance/directory.ts';
import {
  memberNames,
  parseYaml,
  propertyNames,
  readSchema,
  schemaOracle,
} from '../support/conformance/schema.ts';

const FILE = path.join(import.meta.dirname, '../../docs/conformance.md');

const features = [...SECTIONS, ...READINGS].flatMap((section) => section.features);

describe.skipIf(!isThere())('docs/conformance.md', () => {
  it('is what `npm run conformance:table` would write now', async () => {
    expect(readFileSync(FILE, 'utf8')).toBe(await conformancePage());
  });

  it('has the numbers of the conformance kit: all 21 scenarios pass', () => {
    const page = readFileSync(FILE, 'utf8');
    expect(page).toContain('| 21 of 21 scenarios pass |');
    expect(page.match(/^\| .* \| .* \| passes \|$/gm)).toHaveLength(21);
  });

  it('points to scenarios, examples and tests that are there and run', () => {
    const references = features.flatMap(({ shown }) => shown);
    expect(references.length).toBeGreaterThan(100);
    expect(deadReferences(references)).toEqual([]);
    const nowhere = ['ctk: x', 'examples/call-grpc.yaml', 'sdk-go/x.yaml', 'test/x.ts', 'x'];
    expect(deadReferences(nowhere)).toEqual(nowhere);
  });

  it('is about the language: its schema accepts every definition', () => {
    const oracle = schemaOracle();
    const problems = features.map((feature) => oracle(parseYaml(definitionOf(feature))));
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  it('leaves no property of the schema out', () => {
    const used = new Set(features.flatMap((feature) => [...memberNames(parseYaml(definitionOf(feature)))]));
    const unused = [...propertyNames(readSchema())].filter((name) => !used.has(name));
    // What processes and message brokers give, and no definition says.
    expect(unused.sort()).toEqual(['correlationId', 'stderr', 'stdout']);
  });

  it('names no feature twice in one section', () => {
    for (const { title, features } of [...SECTIONS, ...READINGS]) {
      const names = features.map(({ name }) => name);
      expect([title, names]).toEqual([title, [...new Set(names)]]);
    }
  });
});

describe('what the table says of a feature', () => {
  it('is what publishing says to its definition', async () => {
    expect(await judge(task('set', '{ set: { a: 1 } }'))).toEqual({ status: 'supported', reason: null });
    expect(await judge(root('shell', 'do: [ { t: { run: { shell: { command: ls } } } } ]'))).toEqual({
      status: 'refused by design',
      reason: expect.stringMatching(/^`run: shell` is not supported: /) as string,
    });
  });

  it.each([
    ['another output', task('x', '{ set: { a: 1 } }', { gives: { a: 2 } }), /expected .*"a":2.*"a":1/],
    ['another error', task('x', '{ wait: "${ 5 }" }', { faults: 'timeout' }), /expected .*timeout/],
    ['no error', task('x', '{ set: { a: 1 } }', { faults: 'timeout' }), /expected .*timeout/],
    ['a refusal', task('x', '{ run: { shell: { command: ls } } }', { gives: 1 }), /x is refused: /],
    ['a malformed definition', task('x', '{ sett: { a: 1 } }'), /its definition is malformed/],
  ])('is never made up: %s is an error', async (_, feature, message) => {
    await expect(judge(feature)).rejects.toThrow(message);
  });
});

it.skipIf(isThere())('needs ../shared/conformance', () => expect.fail(MISSING));
