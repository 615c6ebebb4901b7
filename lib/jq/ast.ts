/** The syntax tree of a jq program. `at` is the offset in the source, for error messages. */
import type { Json } from './json.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=';
/** `=` and `|=` set, the others compute from the old value and the right side. */
export type UpdateOperator = '=' | '|=' | '+=' | '-=' | '*=' | '/=' | '%=' | '//=';

export type Pattern =
  | { kind: 'variable'; name: string }
  | { kind: 'array'; items: Pattern[] }
  | { kind: 'object'; entries: PatternEntry[] };

/** One member of an object pattern; `name` binds the member itself, as in `{$name: pattern}`. */
export interface PatternEntry {
  key: Ast;
  name: string | null;
  value: Pattern | null;
}

export interface Definition {
  name: string;
  /** A parameter written `$name` binds a variable too. */
  parameters: { name: string; isVariable: boolean }[];
  body: Ast;
}

export type Ast =
  | { kind: 'identity' }
  | { kind: 'recurse' }
  | { kind: 'literal'; value: Json }
  | { kind: 'format'; name: string; at: number }
  | { kind: 'template'; format: string; parts: (string | Ast)[]; at: number }
  | { kind: 'array'; body: Ast | null }
  | { kind: 'object'; entries: { key: Ast; value: Ast }[] }
  | { kind: 'variable'; name: string; at: number }
  | { kind: 'call'; name: string; args: Ast[]; at: number }
  | { kind: 'index'; target: Ast; key: Ast; optional: boolean }
  | { kind: 'slice'; target: Ast; from: Ast | null; to: Ast | null; optional: boolean }
  | { kind: 'iterate'; target: Ast; optional: boolean }
  | { kind: 'try'; body: Ast; handler: Ast | null }
  | { kind: 'negate'; body: Ast }
  | { kind: 'pipe'; parts: Ast[] }
  | { kind: 'comma'; parts: Ast[] }
  | { kind: 'binary'; operator: BinaryOperator; left: Ast; right: Ast }
  | { kind: 'and' | 'or' | 'alternative'; left: Ast; right: Ast }
  | { kind: 'update'; operator: UpdateOperator; target: Ast; value: Ast }
  | { kind: 'if'; branches: { condition: Ast; body: Ast }[]; otherwise: Ast | null }
  | { kind: 'reduce'; source: Ast; patterns: Pattern[]; initial: Ast; update: Ast }
  | { kind: 'foreach'; source: Ast; patterns: Pattern[]; initial: Ast; update: Ast; extract: Ast | null }
  | { kind: 'bind'; source: Ast; patterns: Pattern[]; body: Ast }
  | { kind: 'label'; name: string; body: Ast }
  | { kind: 'break'; name: string; at: number }
  | { kind: 'define'; definitions: Definition[]; body: Ast };

/** The nodes of some kinds. */
export type Of<Kind extends Ast['kind']> = Extract<Ast, { kind: Kind }>;
