/**
 * YAML 1.2 core schema to JSON, for texts that strangers wrote. Invariants: nesting is bounded before the
 * library composes anything (its composer recurses); aliases are resolved here, in document order, against
 * a budget, so that a bomb costs no more than the budget; duplicate keys cost O(1) each.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml';
import type { Alias, Node, Scalar, YAMLMap } from 'yaml';
import type { Json } from '../jq/index.ts';

/** A fault and the offset (UTF-16 code units) at which it shows; null where no offset is known. */
class YamlFault extends Error {
  readonly offset: number | null;
  constructor(message: string, offset: number | null) {
    super(message);
    this.name = 'YamlFault';
    this.offset = offset;
  }
}

type Token = Parameters<Composer['next']>[0];

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  // Checked in `mapping` below: the library's own check compares every key with every other.
  uniqueKeys: false,
  strict: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** What would be right, by the library's error code. */
const HINTS: Record<string, string> = {
  BLOCK_AS_IMPLICIT_KEY: 'check the indentation, and quote a value that contains ": "',
  MULTILINE_IMPLICIT_KEY: 'quote a text over several lines, or check for a missing ":"',
  MISSING_CHAR: 'check for a missing ":", ",", bracket or quote',
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'check the indentation and the closing brackets',
  BAD_SCALAR_START: 'quote the value',
  TAG_RESOLVE_FAILED: 'only the tags of the YAML 1.2 core schema are known',
};

/**
 * Parses one YAML document.
 * @param limits.maxDepth how many lists and mappings may stand inside one another, aliases included
 * @param limits.maxAliased how many characters and nodes all aliases together may stand for
 * @returns the value, or a message with line and column of the first fault
 */
export function parseYamlText(
  text: string,
  limits: { maxDepth: number; maxAliased: number },
): { ok: true; value: Json } | { ok: false; message: string } {
  const lines = new LineCounter();
  try {
    const root = withoutStackTraces(() => composeDocument(text, lines, limits.maxDepth));
    return { ok: true, value: new Conversion(limits).convert(root, 0) };
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    if (error.offset === null) return { ok: false, message: error.message };
    const { line, col } = lines.linePos(error.offset);
    return { ok: false, message: `line ${line}, column ${col}: ${error.message}` };
  }
}

/** A hostile text makes the library create 100,000 errors; their stack traces would cost most of a second. */
function withoutStackTraces<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** @throws {YamlFault} for anything but exactly one document of bounded depth. */
function composeDocument(text: string, lines: LineCounter, maxDepth: number): Node | null {
  const composer = new Composer(OPTIONS);
  let root: Node | null | undefined;
  for (const document of composer.compose(boundedTokens(text, lines, maxDepth))) {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) {
      const hint = HINTS[problem.code];
      const message = shorten(problem.message, 200);
      throw new YamlFault(hint === undefined ? message : `${message}; ${hint}`, problem.pos[0]);
    }
    if (root !== undefined) {
      throw new YamlFault('a second document begins here; expected one', document.range[0]);
    }
    root = document.contents;
  }
  if (root === undefined) throw new YamlFault('the text is empty; expected a workflow definition', null);
  return root;
}

/** The library's tokens, as long as they nest within bounds (its own parse() would not stop). */
function* boundedTokens(text: string, lines: LineCounter, maxDepth: number): Generator<Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* checked(parser.next(lexeme));
    // The stack also holds the document and the scalar that is being read.
    if (parser.stack.length > maxDepth + 2) throw tooDeep(maxDepth, parser.offset);
  }
  yield* checked(parser.end());
}

function* checked(tokens: Iterable<Token>): Generator<Token> {
  for (const token of tokens) {
    if (token.type === 'directive' && !/^%YAML[ \t]+1\.2\s*$/.test(token.source)) {
      throw new YamlFault('only the directive "%YAML 1.2" is accepted', token.offset);
    }
    if (token.type === 'error') throw new YamlFault(shorten(token.message, 200), token.offset);
    yield token;
  }
}

const tooDeep = (maxDepth: number, offset: number | null): YamlFault =>
  new YamlFault(`nested deeper than ${maxDepth} levels`, offset);

const startOf = (node: Node): number | null => node.range?.[0] ?? null;

/** Turns composed nodes into JSON. Each alias becomes a copy of its own. */
class Conversion {
  private readonly maxDepth: number;
  private budget: number;
  private readonly anchors = new Map<string, Node>();
  /** What an alias stands for, fixed when it is first met: an anchor's name may be defined again later. */
  private readonly targets = new Map<Alias, Node>();
  private readonly openAnchors = new Set<Node>();
  private insideAlias = 0;

  constructor(limits: { maxDepth: number; maxAliased: number }) {
    this.maxDepth = limits.maxDepth;
    this.budget = limits.maxAliased;
  }

  convert(node: Node | null, depth: number): Json {
    if (node === null) return null;
    if (isAlias(node)) return this.alias(node, depth);
    if (this.insideAlias > 0) this.spend(node);
    const { anchor } = node;
    if (anchor === undefined) return this.value(node, depth);
    if (this.insideAlias === 0) this.anchors.set(anchor, node);
    this.openAnchors.add(node);
    const value = this.value(node, depth);
    this.openAnchors.delete(node);
    return value;
  }

  private value(node: Exclude<Node, Alias>, depth: number): Json {
    if (isScalar(node)) return scalar(node);
    if (depth >= this.maxDepth) throw tooDeep(this.maxDepth, startOf(node));
    if (isMap(node)) return this.mapping(node, depth);
    if (isSeq(node)) return node.items.map((item) => this.convert(asNode(item), depth + 1));
    throw new YamlFault('expected a mapping, a list or a scalar', null);
  }

  private mapping(map: YAMLMap, depth: number): Json {
    const members: [string, Json][] = [];
    const seen = new Set<string>();
    for (const pair of map.items) {
      const key = keyText(asNode(pair.key), startOf(map));
      if (seen.has(key.text)) {
        throw new YamlFault(
          `the key ${quote(key.text)} stands twice in one mapping; keep one of them`,
          key.offset,
        );
      }
      seen.add(key.text);
      members.push([key.text, this.convert(asNode(pair.value), depth + 1)]);
    }
    // Unlike assignment, fromEntries makes an ordinary own property of "__proto__" too.
    return Object.fromEntries(members);
  }

  private alias(alias: Alias, depth: number): Json {
    const target = this.targets.get(alias) ?? this.anchors.get(alias.source);
    if (target === undefined) {
      throw new YamlFault(
        `the alias ${quote(alias.source)} has no anchor; define one with & before it`,
        startOf(alias),
      );
    }
    if (this.openAnchors.has(target)) {
      throw new YamlFault(`the alias ${quote(alias.source)} stands inside its own anchor`, startOf(alias));
    }
    this.targets.set(alias, target);
    this.insideAlias++;
    const value = this.convert(target, depth);
    this.insideAlias--;
    return value;
  }

  private spend(node: Node): void {
    this.budget -= isScalar(node) && typeof node.value === 'string' ? node.value.length + 1 : 1;
    if (this.budget < 0) {
      throw new YamlFault('the aliases stand for too much text; write less, or write it out', startOf(node));
    }
  }
}

/** The library types keys, values and items as unknown; a composed document holds nodes, or null for nothing. */
const asNode = (item: unknown): Node | null => item as Node | null;

function scalar(node: Scalar): Json {
  const { value } = node;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new YamlFault(`${quote(node.source ?? '')} is not a finite number; JSON has no other`, startOf(node));
}

function keyText(key: Node | null, mapStart: number | null): { text: string; offset: number | null } {
  const offset = key === null ? mapStart : startOf(key);
  if (!isScalar(key)) {
    const kind = isAlias(key) ? 'an alias' : 'a list or a mapping';
    throw new YamlFault(`a key must be a text, not ${kind}`, offset);
  }
  if (key.value === null && key.source === '') throw new YamlFault('a key is missing before ":"', offset);
  if (typeof key.value !== 'string') {
    const kind = key.value === null ? 'null' : `a ${typeof key.value}`;
    const text = key.source ?? '';
    throw new YamlFault(
      `the key ${quote(text)} is ${kind}; a text is needed: write it as ${quote(text)}`,
      offset,
    );
  }
  if (key.anchor !== undefined) throw new YamlFault('a key must not have an anchor', offset);
  if (key.value === '<<' && key.type === 'PLAIN') {
    throw new YamlFault('merge keys (<<) are not part of YAML 1.2; write the members out', offset);
  }
  return { text: key.value, offset };
}

const shorten = (text: string, maxLength: number): string =>
  text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
const quote = (text: string): string => JSON.stringify(shorten(text, 60));
