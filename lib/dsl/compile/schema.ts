/** The JSON schemas of a definition: `{ format?, document }` or `{ format?, resource }` (dsl-reference, Schema). */
import type { SchemaCheck } from '../../engine/compiled.ts';
import { member } from '../../engine/json.ts';
import { compileJsonSchema, type JsonSchema, type SchemaProblem } from '../../json-schema/index.ts';
import type { Json } from '../../jq/index.ts';

/** Problems that one line names. */
const MAX_NAMED = 3;
const MAX_PATH_LENGTH = 200;

/** What `format` of a schema node says of the dialect: nothing (`json`), or its name (`json:draft-07`). */
export function dialectOf(format: Json | undefined): { dialect?: string } {
  const dialect = typeof format === 'string' ? format.replace(/^json:?/, '') : '';
  return dialect === '' ? {} : { dialect };
}

/**
 * Reads the schema that a definition names.
 * @param node the schema node: `document` holds the schema, or `resource` names a document
 * @param resourceText the JSON text that was kept of the resource when the version was published; null without one
 * @throws {Error} when it is no schema, which publish would have refused: a bug
 */
export function readSchema(node: Json, resourceText: string | null): JsonSchema {
  const document = member(node, 'document');
  if (document === undefined && resourceText === null) throw new Error('nothing was kept of the schema');
  // JSON.parse returns `any`; by RFC 8259 it is a Json.
  const schema = document ?? (JSON.parse(resourceText ?? 'null') as Json);
  const compiled = compileJsonSchema(schema, dialectOf(member(node, 'format')));
  if (compiled.ok) return compiled.schema;
  const [first] = compiled.problems;
  throw new Error(`a published schema does not compile: ${first?.path ?? ''} ${first?.message ?? ''}`);
}

function inALine(problems: readonly SchemaProblem[]): string {
  const named = problems.slice(0, MAX_NAMED).map(({ path, message }) => {
    const cut = path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
    return path === '' ? message : `${cut.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ')}: ${message}`;
  });
  const more = problems.length - named.length;
  return named.join('. ') + (more > 0 ? `. And ${more} more` : '');
}

/**
 * Compiles a schema node.
 * @param node undefined where the definition has none
 * @param resource gives what was kept of an external resource, by the path of the node that names it
 * @param path where the node stands, in the way that `resource` is asked
 * @throws {Error} when it is no schema, which publish would have refused: a bug
 */
export function compileSchema(
  node: Json | undefined,
  resource: (path: string) => string | null,
  path: string,
): SchemaCheck | null {
  if (node === undefined) return null;
  const schema = readSchema(node, resource(`${path}/resource`));
  return {
    problem(value) {
      const problems = schema.validate(value);
      return problems.length === 0 ? null : inALine(problems);
    },
  };
}
