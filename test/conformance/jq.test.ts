import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, equals, JqError, JqSyntaxError } from '../../lib/jq/index.ts';
import type { Json } from '../../lib/jq/index.ts';
import { DEVIATIONS } from './jq-deviations.ts';

/** One case of jq's own tests; texts are JSON as jq reads it, so also NaN and infinities. */
interface Case {
  file: string;
  line: number;
  kind: 'ok' | 'fail';
  program: string;
  input?: string;
  outputs?: string[];
  skip?: string;
}

const folder = resolve(process.env['VESPID_CONFORMANCE_DIR'] ?? '../shared/conformance');
const path = resolve(folder, 'jq/cases.json');

/** jq's own limits: some cases loop 10^4 times or nest 10,000 deep. */
const LIMITS = { maxSteps: 50_000_000, maxBytes: 2 ** 32, maxDepth: 10_000, maxTimeMs: 30_000 };

/** Runs a program on JSON text; the text is read inside, where a number may be NaN. */
function run(program: string, text: string): Json[] {
  const { variables, run: evaluate } = compile(`$text | fromjson | (${program}\n)`, { variables: ['text'] });
  return evaluate(
    null,
    variables.map(() => text),
    { limits: LIMITS },
  );
}

function read(text: string): Json {
  const [value = null] = run('.', text);
  return value;
}

/** jq prints the outputs before an error; here they are asked for by their number, and then the error must come. */
function outputsBeforeError(program: string, input: string, count: number): Json[] {
  try {
    return run(program, input);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    return run(`limit(${count}; ${program}\n)`, input);
  }
}

function passes({ kind, program, input = 'null', outputs = [] }: Case): boolean {
  if (kind === 'fail') {
    try {
      compile(program, { variables: [] });
      return false;
    } catch (error) {
      if (error instanceof JqSyntaxError) return true;
      throw error;
    }
  }
  // A comment in the place of an output tells of an error behind the outputs.
  const expected = outputs.filter((text) => !text.startsWith('#')).map(read);
  const found = outputsBeforeError(program, input, expected.length);
  return found.length === expected.length && found.every((value, at) => equals(value, expected[at] ?? null));
}

function isDeviation({ program, input }: Case): boolean {
  return DEVIATIONS.some((deviation) => deviation.program === program && deviation.input === input);
}

/** The cases, none when the data is not there. */
function readCases(): Case[] {
  if (!existsSync(path)) return [];
  const data = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }; // the format that the data's README gives
  return data.cases;
}

describe('the jq conformance cases', () => {
  const wanted = readCases().filter((item) => item.skip === undefined && !isDeviation(item));

  it('are all there', (context) => {
    context.skip(!existsSync(path), `needs ../shared/conformance: not found at ${path}`);
    expect(wanted.length).toBeGreaterThanOrEqual(550);
  });

  it.each(
    wanted.map((item): [string, Case] => [`${item.file}:${item.line} ${item.program.slice(0, 80)}`, item]),
  )('%s', (_, item) => {
    expect(passes(item)).toBe(true);
  });
});

describe('deviations from jq', () => {
  it.each(DEVIATIONS.map((item): [string, (typeof DEVIATIONS)[number]] => [item.program, item]))(
    '%s still differs',
    (_, { program, input, jq, reason }) => {
      let found: Json[] | null = null;
      try {
        found = run(program, input);
      } catch (error) {
        if (!(error instanceof JqError) && !(error instanceof JqSyntaxError)) throw error;
      }
      expect(found === null ? reason : JSON.stringify(found)).not.toBe(JSON.stringify(jq.map(read)));
      expect(reason).not.toBe('');
    },
  );
});
