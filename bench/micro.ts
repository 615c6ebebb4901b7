/**
 * Micro benchmarks: expressions, definitions and the interpreter, on one thread without services; then a claim and a
 * finish on a Postgres of their own. `npm run bench:micro`.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { compileWorkflow } from '../lib/dsl/compile.ts';
import { parseDefinition } from '../lib/dsl/parse.ts';
import { validateDefinition } from '../lib/dsl/validate.ts';
import { execute } from '../lib/engine/execute.ts';
import { compileTemplate, type Scope } from '../lib/engine/expression.ts';
import { newProgress } from '../lib/engine/tree.ts';
import type { Json } from '../lib/engine/types.ts';
import { compile } from '../lib/jq/index.ts';
import { FakePorts } from '../test/support/engine-ports.ts';
import { openLifetime } from '../scripts/stack/lifetime.ts';
import { statementFigures } from './lib/statements.ts';
import { machine, measure, median, print, type Figure } from './measure.ts';

const order = {
  id: 'o-1042',
  customer: { name: 'Ada', address: { city: 'London', zip: 'N1' } },
  lines: Array.from({ length: 100 }, (_, index) => ({
    sku: `s${index}`,
    price: index * 1.5,
    count: index % 7,
  })),
};

function evaluation(name: string, source: string, data: Json, targetMicroseconds?: number): Figure {
  const program = compile(source, { variables: [] });
  return measure(`${name}: ${source}`, () => program.run(data, []), targetMicroseconds);
}

function expressions(): Figure[] {
  return [
    evaluation('path lookup', '.customer.address.city', order, 2),
    evaluation('interpolation', '"order \\(.id) of \\(.customer.name)"', order, 2),
    evaluation('100 elements', 'map(select(.price > 20))', order.lines, 40),
    evaluation('100 elements', 'map(.price * .count) | add', order.lines),
    evaluation('100 elements', 'group_by(.count) | map(length)', order.lines),
    evaluation('100 elements', 'map({(.sku): .price}) | add', order.lines),
    evaluation('update', '.customer.address.zip |= ascii_downcase', order),
    evaluation('regex', '.id | test("^o-[0-9]+$")', order),
    evaluation('JSON text', 'tojson', order),
  ];
}

function compiling(): Figure[] {
  return ['.a', 'map(select(.price > 20))', 'group_by(.count) | map({(.[0].sku): length}) | add'].map(
    (source) => measure(`compile: ${source}`, () => void compile(source, { variables: [] })),
  );
}

const scope: Scope = { instance: '/do/0/x', limits: {}, nowMs: () => 0, variable: () => null };

function templates(): Figure[] {
  const value = { id: '${ .id }', to: { city: '${ .customer.address.city }', fixed: 'text' }, lines: [1, 2] };
  const template = compileTemplate(value, []);
  return [measure('template with two expressions', () => template.evaluate(order, scope))];
}

const document = { dsl: '1.0.3', namespace: 'bench', name: 'micro', version: '1.0.0' };

/** A definition of `count` tasks, each with expressions of its own. */
function definitionOf(count: number): Json {
  const tasks = Array.from({ length: count }, (_, index) => ({
    [`step${index}`]: {
      if: `.n != ${index} + 1000000`,
      set: { n: '${ .n + 1 }', text: '${ "step \\(.n)" }', index },
    },
  }));
  return { document, do: tasks };
}

function parseText(text: string, kind: 'json' | 'yaml'): Json {
  const parsed = parseDefinition(text, kind, { maxBytes: 1 << 20 });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.definition;
}

function definitions(): Figure[] {
  const definition = definitionOf(500);
  const text = JSON.stringify(definition);
  const yaml = stringify(definition);
  const { errors } = validateDefinition(definition);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const publish = (source: string, kind: 'json' | 'yaml'): void => {
    const parsed = parseText(source, kind);
    validateDefinition(parsed);
    compileWorkflow(parsed);
  };
  return [
    measure('parse 500 tasks, YAML', () => void parseText(yaml, 'yaml')),
    measure('parse 500 tasks, JSON', () => void parseText(text, 'json')),
    measure('validate 500 tasks', () => void validateDefinition(definition)),
    measure('compile 500 tasks', () => void compileWorkflow(definition)),
    measure('parse, validate and compile 500 tasks, YAML', () => publish(yaml, 'yaml'), 100_000),
    measure('parse, validate and compile 500 tasks, JSON', () => publish(text, 'json'), 100_000),
  ];
}

/** Per task, in a run of many. */
async function interpreter(): Promise<Figure> {
  const count = 500;
  const workflow = compileWorkflow(definitionOf(count));
  const facts = {
    runId: '01890000-0000-7000-8000-000000000001',
    input: { n: 0 },
    startedAtMs: 0,
    runtime: { name: 'vespid', version: '0' },
    secrets: { values: {}, missing: [] },
  };
  const limits = { maxSteps: 1e9, callTimeoutMs: 1000 };
  const rounds: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    const startMs = performance.now();
    const outcome = await execute(workflow, facts, newProgress(), new FakePorts(), limits);
    if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
    rounds.push(performance.now() - startMs);
  }
  return {
    name: 'one `set` task with three expressions',
    microseconds: (median(rounds) / count) * 1000,
  };
}

console.log(machine());
print('Expressions, warm', expressions());
print('Compiling an expression', compiling());
print('Templates', templates());
print('Definitions', definitions());
print('The interpreter', [await interpreter()]);
const lifetime = openLifetime();
let code = 0;
try {
  print(
    "The worker's statements, for each run",
    await statementFigures(join(import.meta.dirname, '..'), lifetime),
  );
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
