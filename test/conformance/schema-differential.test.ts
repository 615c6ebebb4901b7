/**
 * The validator against the language's own JSON schema: what it calls a problem of shape is what the schema
 * refuses, no more and no less. ajv is the oracle; it runs in tests only.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDefinition } from '../../lib/dsl/parse.ts';
import { validateDefinition } from '../../lib/dsl/validate.ts';
import type { Json } from '../../lib/jq/index.ts';
import { filesIn, isThere, MISSING, readText } from '../support/conformance/directory.ts';
import { Mutator, seeded } from './mutations.ts';
import { ROOTS, TASKS } from './schema-cases.ts';
import { DIFFERENCES, without } from './schema-differences.ts';
import { SAMPLES } from './schema-samples.ts';

const SEED = Number(process.env['VESPID_SEED'] ?? 20_260_731);
const MUTANTS = Number(process.env['VESPID_MUTANTS'] ?? 6000);

const DOCUMENT = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }";

function yaml(text: string | Uint8Array): Json {
  const parsed = parseDefinition(text, 'yaml', { maxBytes: 1 << 20 });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.definition;
}

function loadOracle(): (definition: Json) => boolean {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  const validate = ajv.compile(yaml(readText('schema/workflow.main.yaml')) as object);
  return (definition) => validate(definition);
}

/** The definitions of a folder; those whose YAML is broken are left out. */
function folder(name: string): Json[] {
  return filesIn(name, '.yaml').flatMap((file) => {
    const parsed = parseDefinition(readText(`${name}/${file}`), 'yaml', { maxBytes: 1 << 20 });
    return parsed.ok ? [parsed.definition] : [];
  });
}

const isShaped = (definition: Json): boolean =>
  validateDefinition(definition).errors.every(({ kind }) => kind !== 'shape');

/** What the two say, when they disagree and no listed difference explains it. */
function disagreement(oracle: (definition: Json) => boolean, definition: Json): string | null {
  const valid = oracle(definition);
  const { errors } = validateDefinition(definition);
  const shape = errors.filter(({ kind }) => kind === 'shape');
  if (valid === (shape.length === 0)) return null;
  const agreed = DIFFERENCES.reduce((value, difference) => without(difference, value), definition);
  if (oracle(agreed) === isShaped(agreed) && oracle(agreed) !== valid) return null;
  const first = shape.map(({ path: where, message }) => `${where}: ${message}`).join('; ');
  return `the schema ${valid ? 'accepts' : 'refuses'} this, and the validator says ${first || 'nothing'}:\n${JSON.stringify(definition)}`;
}

describe.skipIf(!isThere())('the validator and the schema of the language', () => {
  let oracle: (definition: Json) => boolean;
  let corpus: Json[];
  beforeAll(() => {
    oracle = loadOracle();
    corpus = [...['examples', 'examples-main', 'sdk-go', 'invalid'].flatMap(folder), ...SAMPLES.map(yaml)];
  });

  it('agree on the definitions of others and on the samples, which are valid', () => {
    expect(corpus.length).toBeGreaterThan(100);
    expect(corpus.flatMap((definition) => disagreement(oracle, definition) ?? [])).toEqual([]);
    expect(SAMPLES.map((sample) => oracle(yaml(sample)))).toEqual(SAMPLES.map(() => true));
  });

  it(`agree on ${MUTANTS} mutants of them (seed ${SEED})`, { timeout: 20_000 }, () => {
    const mutator = new Mutator(corpus, seeded(SEED));
    // The samples are few, and have most of the language.
    const valid = [...corpus.filter(oracle), ...Array.from({ length: 12 }, () => SAMPLES.map(yaml)).flat()];
    const seen = new Set<string>();
    let accepted = 0;
    const disagreements: string[] = [];
    while (seen.size < MUTANTS && disagreements.length < 5) {
      const mutant = mutator.mutate(valid[seen.size % valid.length] ?? null);
      const text = JSON.stringify(mutant);
      if (seen.has(text)) continue;
      seen.add(text);
      if (oracle(mutant)) accepted++;
      const found = disagreement(oracle, mutant);
      if (found !== null) disagreements.push(found);
    }
    expect(disagreements).toEqual([]);
    expect(accepted / MUTANTS).toBeGreaterThan(0.3);
    expect(accepted / MUTANTS).toBeLessThan(0.7);
  });

  describe.each(['accepted', 'refused'] as const)('agree on what is %s', (verdict) => {
    it.each([
      ...ROOTS[verdict].map((members) => (members.startsWith('do:') ? members : `${members}\ndo: []`)),
      ...TASKS[verdict].map((task) => `do: [ { t: ${task} } ]`),
    ])('%s', (members) => {
      const definition = yaml(`${DOCUMENT}\n${members}`);
      expect({ schema: oracle(definition), validator: isShaped(definition) }).toEqual({
        schema: verdict === 'accepted',
        validator: verdict === 'accepted',
      });
    });
  });

  it.each(DIFFERENCES)('differ on purpose: $reason', (difference) => {
    const definition = yaml(`${DOCUMENT}\ndo: [ { t: ${difference.task} } ]`);
    const agreed = without(difference, definition);
    expect(oracle(definition)).not.toBe(isShaped(definition));
    expect(oracle(agreed)).toBe(isShaped(agreed));
  });
});

it.skipIf(isThere())('the conformance data is there', () => expect.fail(MISSING));
