/** Syntax tree to nodes: each kind of expression goes to the part of the compiler that knows it. */
import type { Ast, Of } from './ast.ts';
import { compileBind, compileFold } from './compile-bind.ts';
import { CallCompiler } from './compile-call.ts';
import { compileConstructor } from './compile-constructor.ts';
import { compileOperator, compileUpdate } from './compile-operator.ts';
import { JqSyntaxError } from './errors.ts';
import type { Node } from './machine.ts';
import { globalVariable, variable } from './node-call.ts';
import { comma, identity, pipe } from './node-compose.ts';
import { alternative, condition, logical } from './node-condition.ts';
import { breakTo, label, tryCatch } from './node-control.ts';
import { index } from './node-index.ts';
import { iterate, recurse } from './node-iterate.ts';
import { literal } from './node.ts';
import type { Compile, Place } from './scope.ts';
import { distanceTo, findLevel, within } from './scope.ts';

/** Arguments are copied to each use, so a small program can grow; beyond this it is refused. */
const MAX_NODES = 100_000;

/** Joins parts as a balanced tree: `|` and `,` are associative, and a low tree needs little stack. */
function balanced(parts: readonly Node[], join: (left: Node, right: Node) => Node): Node {
  const [first = identity] = parts;
  if (parts.length < 2) return first;
  const middle = parts.length >> 1;
  return join(balanced(parts.slice(0, middle), join), balanced(parts.slice(middle), join));
}

/** Compiles one program. */
export class Compiler {
  /** The free variables in the order of their first use. */
  readonly used: string[] = [];
  private readonly source: string;
  private readonly variables: ReadonlySet<string>;
  private readonly calls: CallCompiler;
  private nodeCount = 0;

  constructor(source: string, variables: ReadonlySet<string>) {
    this.source = source;
    this.variables = variables;
    this.calls = new CallCompiler({
      compile: this.compile,
      countNodes: () => this.nodeCount,
      error: this.error,
    });
  }

  /** Compiles an expression at its place. */
  readonly compile: Compile = (ast, place) => {
    if (++this.nodeCount > MAX_NODES) throw this.error('the program is too large', 0);
    const { compile } = this;
    switch (ast.kind) {
      case 'identity':
        return identity;
      case 'recurse':
        return recurse;
      case 'literal':
        return literal(ast.value);
      case 'variable':
        return this.variable(ast, place);
      case 'index':
        return index(compile(ast.target, place), compile(ast.key, place), ast.optional);
      case 'iterate':
        return iterate(compile(ast.target, place), ast.optional);
      case 'pipe':
        return this.join(ast.parts, place, pipe);
      case 'comma':
        return this.join(ast.parts, place, comma);
      case 'binary':
        return compileOperator(ast.operator, compile(ast.left, place), compile(ast.right, place));
      case 'update':
        return compileUpdate(ast.operator, compile(ast.target, place), compile(ast.value, place));
      case 'format':
      case 'template':
      case 'array':
      case 'object':
      case 'slice':
      case 'negate':
        return compileConstructor(ast, place, compile, this.error);
      case 'and':
      case 'or':
      case 'alternative':
      case 'if':
        return this.choice(ast, place);
      case 'try':
        return tryCatch(compile(ast.body, place), ast.handler === null ? null : compile(ast.handler, place));
      case 'label':
        return label(compile(ast.body, within(place, 'label', ast.name)));
      case 'break':
        return this.breakOut(ast, place);
      case 'bind':
        return compileBind(ast, place, compile);
      case 'reduce':
      case 'foreach':
        return compileFold(ast, place, compile);
      case 'call':
        return this.calls.call(ast, place);
      case 'define':
        return this.calls.define(ast, place);
      default:
        return ast satisfies never;
    }
  };

  private variable({ name, at }: Of<'variable'>, place: Place): Node {
    const level = findLevel(place.names, 'variable', name);
    if (level !== null) return variable(distanceTo(place, level));
    if (!this.variables.has(name)) {
      const isHost = name === 'ENV' || name === '__prog_args';
      throw this.error(isHost ? `$${name} is not available in a workflow` : `$${name} is not defined`, at);
    }
    if (!this.used.includes(name)) this.used.push(name);
    return globalVariable(this.used.indexOf(name));
  }

  private join(parts: readonly Ast[], place: Place, join: (left: Node, right: Node) => Node): Node {
    return balanced(
      parts.map((part) => this.compile(part, place)),
      join,
    );
  }

  private choice(ast: Of<'and' | 'or' | 'alternative' | 'if'>, place: Place): Node {
    const { compile } = this;
    if (ast.kind === 'if') {
      return ast.branches.reduceRight(
        (otherwise, branch) =>
          condition(compile(branch.condition, place), compile(branch.body, place), otherwise),
        ast.otherwise === null ? identity : compile(ast.otherwise, place),
      );
    }
    const left = compile(ast.left, place);
    const right = compile(ast.right, place);
    return ast.kind === 'alternative' ? alternative(left, right) : logical(left, right, ast.kind === 'or');
  }

  private breakOut({ name, at }: Of<'break'>, place: Place): Node {
    const level = findLevel(place.names, 'label', name);
    if (level === null) throw this.error(`$*label-${name} is not defined`, at);
    return breakTo(distanceTo(place, level));
  }

  private readonly error = (message: string, at: number): JqSyntaxError =>
    new JqSyntaxError(message, this.source, at);
}

/** The place at the top of a program. */
export const TOP: Place = { names: null, level: 0 };
