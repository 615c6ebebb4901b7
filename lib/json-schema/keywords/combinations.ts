/** allOf, anyOf, oneOf, not, if/then/else (core 10.2). */
import { typeInWords } from '../problem.ts';
import { check, type SchemaNode } from '../node.ts';
import { branch, type Evaluated, type FoundProblem, type Validation } from '../validation.ts';
import type { Json } from '../../jq/index.ts';
import type { KeywordFactory } from './context.ts';

/** Asks only whether a value is valid. */
function holds(node: SchemaNode, value: Json, run: Validation, evaluated: Evaluated | null): boolean {
  const saved = run.problems;
  run.problems = null;
  const inner = branch(evaluated, run);
  const valid = check(node, value, run, inner);
  run.problems = saved;
  if (valid && inner !== null) evaluated?.merge(inner);
  return valid;
}

interface Alternatives {
  /** Positions of the schemas that hold. */
  matched: number[];
  /** The problems of each of the others. */
  failures: FoundProblem[][];
}

/** Tries the schemas in turn until `enough` hold. */
function tryAll(
  nodes: readonly SchemaNode[],
  value: Json,
  run: Validation,
  evaluated: Evaluated | null,
  enough: number,
): Alternatives {
  const saved = run.problems;
  const result: Alternatives = { matched: [], failures: [] };
  for (const [index, node] of nodes.entries()) {
    const problems: FoundProblem[] = [];
    run.problems = saved === null ? null : problems;
    const inner = branch(evaluated, run);
    if (check(node, value, run, inner)) {
      result.matched.push(index);
      if (inner !== null) evaluated?.merge(inner);
      if (result.matched.length >= enough) break;
    } else if (saved !== null) result.failures.push(problems);
  }
  run.problems = saved;
  return result;
}

/** Reports one problem for all alternatives: the type they ask for, or where the one that fits best fails. */
function reportNearest({ failures }: Alternatives, keyword: string, value: Json, run: Validation): false {
  if (run.problems === null) return false;
  const firsts = failures.map(([first]) => first).filter((first) => first !== undefined);
  const here = run.pointer();
  if (firsts.every(({ path, expected }) => path === here && expected !== undefined)) {
    const expected = [...new Set(firsts.map((first) => first.expected))].join(' or ');
    return run.report(() => `must be ${expected}; it is ${typeInWords(value)}`, expected);
  }
  // An alternative for another type is not what the value was meant for.
  const apart = failures.filter(([first]) => first?.expected === undefined || first.path !== here);
  // The deeper the first problem lies, the more of the alternative fits.
  const [nearest] = apart.toSorted(([left], [right]) => (right?.path.length ?? 0) - (left?.path.length ?? 0));
  const [first] = nearest ?? [];
  if (first === undefined) return false;
  const note =
    failures.length === 1 ? '' : ` (the nearest of ${failures.length} alternatives of \`${keyword}\`)`;
  return run.reportAt(first.path, first.message + note);
}

export const allOf: KeywordFactory = (_value, context) => {
  const nodes = context.list();
  return (value, run, evaluated) => {
    let valid = true;
    for (const node of nodes) {
      if (check(node, value, run, evaluated)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    return valid;
  };
};

export const anyOf: KeywordFactory = (_value, context) => {
  const nodes = context.list();
  if (nodes.length === 0) return null;
  return (value, run, evaluated) => {
    // All that hold count for what is evaluated.
    const tried = tryAll(nodes, value, run, evaluated, evaluated === null ? 1 : Infinity);
    return tried.matched.length > 0 || reportNearest(tried, 'anyOf', value, run);
  };
};

export const oneOf: KeywordFactory = (_value, context) => {
  const nodes = context.list();
  if (nodes.length === 0) return null;
  return (value, run, evaluated) => {
    const tried = tryAll(nodes, value, run, evaluated, 2);
    const [first, second] = tried.matched;
    if (first === undefined) return reportNearest(tried, 'oneOf', value, run);
    return (
      second === undefined ||
      run.report(() => `must match exactly one alternative of \`oneOf\`; it matches ${first} and ${second}`)
    );
  };
};

export const not: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  return (value, run) =>
    !holds(node, value, run, null) || run.report(() => 'must not match the schema under `not`');
};

/** if, with then and else. */
export const condition: KeywordFactory = (_value, context) => {
  const test = context.one();
  const positive = context.one('then');
  const negative = context.one('else');
  if (test === null) return null;
  return (value, run, evaluated) => {
    const chosen = holds(test, value, run, evaluated) ? positive : negative;
    return chosen === null || check(chosen, value, run, evaluated);
  };
};
