import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkflowError } from '../../../lib/engine/errors.ts';
import {
  compileTemplate,
  compileTransform,
  type EvaluationMode,
  type Scope,
} from '../../../lib/engine/expression.ts';
import {
  compile,
  JqError,
  JqLimitError,
  JqSyntaxError,
  type Json,
  type Program,
} from '../../../lib/jq/index.ts';
import { grammaticalProgram, input, tokenSoup } from './programs.ts';

/** Tight, so that many programs meet each of them. */
const LIMITS = { maxSteps: 20_000, maxBytes: 500_000, maxDepth: 100, maxOutputs: 200, maxTimeMs: 20 };
/** An evaluation ends after five times its time by the clock; the rest is for a busy machine. */
const LONGEST_MS = 1000;
/** Each property runs for so long at most. */
const SECONDS = 2;

const options = {
  interruptAfterTimeLimit: SECONDS * 1000,
  numRuns: 1_000_000,
  markInterruptAsFailure: false,
};

function compiled(source: string): Program | null {
  try {
    return compile(source, { variables: ['input'] });
  } catch (error) {
    if (error instanceof JqSyntaxError) return null;
    throw error;
  }
}

/** @throws when it is no JSON: a number that is not finite, an object with another prototype */
function assertJson(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON`);
  if (typeof value !== 'object' || value === null) return;
  const prototype = Array.isArray(value) ? Array.prototype : Object.prototype;
  if (Object.getPrototypeOf(value) !== prototype) throw new TypeError('an object with another prototype');
  Object.values(value).forEach(assertJson);
}

/** @throws when the work takes too long, and what the work throws */
function assertSoon(work: () => void): void {
  const startMs = performance.now();
  work();
  const tookMs = performance.now() - startMs;
  if (tookMs > LONGEST_MS) throw new Error(`it took ${tookMs} ms`);
}

/** Runs to its end; any error but those of jq goes through, also that of a write to the frozen input. */
function assertBounded(program: Program, data: Json): void {
  try {
    const values = program.variables.map(() => data);
    program.run(data, values, { limits: LIMITS, nowSeconds: 1_700_000_000 }).forEach(assertJson);
  } catch (error) {
    if (error instanceof JqError) assertJson(error.value);
    // With a cause, it was the JavaScript stack that ended the program, which must never be.
    else if (!(error instanceof JqLimitError) || error.cause !== undefined) throw error;
  }
}

describe('no program and no input does anything but give outputs, a jq error or a limit', () => {
  it('programs of the grammar', () => {
    let compiling = 0;
    let all = 0;
    const property = fc.property(grammaticalProgram, input, (source, data) => {
      all += 1;
      const program = compiled(source);
      if (program === null) return;
      compiling += 1;
      assertSoon(() => assertBounded(program, data));
    });
    fc.assert(property, options);
    expect(compiling / all).toBeGreaterThan(0.5);
  });

  it('tokens in any order, and any text', () => {
    const property = fc.property(
      fc.oneof(tokenSoup, fc.string({ unit: 'binary' })),
      input,
      (source, data) => {
        const program = compiled(source);
        if (program !== null) assertSoon(() => assertBounded(program, data));
      },
    );
    fc.assert(property, options);
  });
});

describe('no template does anything but give a value or an expression error', () => {
  const scope: Scope = {
    instance: '/do/0/x',
    limits: LIMITS,
    nowMs: () => 1_700_000_000_000,
    variable: () => null,
  };
  const text = fc.oneof(
    grammaticalProgram,
    grammaticalProgram.map((source) => `\${ ${source} }`),
    tokenSoup,
  );
  const template = fc.oneof(
    text,
    fc.array(text, { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), text, { noNullPrototype: true }),
  ) as fc.Arbitrary<Json>; // text, and lists and objects of it, are JSON

  const assertValue = (
    value: Json,
    data: Json,
    how: { mode: EvaluationMode; asTransform: boolean },
  ): void => {
    const compileIt = how.asTransform ? compileTransform : compileTemplate;
    try {
      assertJson(compileIt(value, ['input', 'x'], how.mode).evaluate(data, scope));
    } catch (error) {
      const isExpected =
        error instanceof WorkflowError ? error.error.status === 400 : error instanceof JqSyntaxError;
      if (!isExpected) throw error;
    }
  };

  it.each(['strict', 'loose'] as const)('%s', (mode) => {
    const property = fc.property(template, input, fc.boolean(), (value, data, asTransform) => {
      assertSoon(() => assertValue(value, data, { mode, asTransform }));
    });
    fc.assert(property, { ...options, interruptAfterTimeLimit: (SECONDS * 1000) / 2 });
  });
});
