/** Request bodies that carry a workflow definition. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Config } from '../config.ts';
import type { Draft } from '../db/workflows.ts';
import { parseDefinition } from '../dsl/parse.ts';
import { characterProblem } from '../dsl/characters.ts';
import { validateDefinition } from '../dsl/validate.ts';
import type { Json } from '../engine/types.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { scheduleErrors } from '../schedules/spec.ts';
import { mediaType, parseJsonBytes, readBytes, validate, type BodySource } from './body.ts';
import { closedObject, storableText } from './shapes.ts';

/** `{ name?, definition }`: the form with a name of its own. */
export const definitionBody = closedObject({
  name: v.optional(storableText(1, 200)),
  definition: v.custom<Record<string, Json>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be the workflow definition as an object (YAML is sent alone, as application/yaml)',
  ),
});

/** A definition that parses; what it says is not checked yet. */
export interface SentDefinition {
  /** The name beside the definition, or null when the definition was sent bare. */
  name: string | null;
  definition: Json;
  source: string;
  /** Where the definition stands in the request body: a prefix for JSON pointers into it. */
  pointer: '' | '/definition';
}

interface DefinitionSource extends BodySource {
  deps: { config: Pick<Config, 'maxBodyBytes' | 'maxDefinitionBytes' | 'maxForkBranches'> };
}

const YAML_TYPES: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
]);

function parse(
  text: Uint8Array | string,
  kind: 'json' | 'yaml',
  maxBytes: number,
): { definition: Json; source: string } {
  const parsed = parseDefinition(text, kind, { maxBytes });
  if (!parsed.ok) throw new ApiError(parsed.code, `${parsed.message}.`);
  return parsed;
}

/** A JSON object with `document` and without `definition` is a definition itself. */
const isBare = (body: Json): boolean =>
  typeof body === 'object' && body !== null && 'document' in body && !('definition' in body);

/**
 * The definition of the body: `{ name?, definition }` as JSON, or the bare definition as JSON or YAML.
 * @throws {ApiError} PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_JSON, INVALID_YAML, VALIDATION_FAILED
 */
export async function readDefinition(source: DefinitionSource): Promise<SentDefinition> {
  const bytes = await readBytes(source);
  const maxBytes = source.deps.config.maxDefinitionBytes;
  const type = mediaType(source.c);
  if (type !== null && YAML_TYPES.has(type))
    return { name: null, ...parse(bytes, 'yaml', maxBytes), pointer: '' };
  if (bytes.byteLength > 0 && type !== null && type !== 'application/json') {
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      `"${type}" is not supported; send application/json or application/yaml.`,
    );
  }
  const body = bytes.byteLength === 0 ? undefined : parseJsonBytes(bytes);
  if (body !== undefined && isBare(body))
    return { name: null, ...parse(bytes, 'json', maxBytes), pointer: '' };
  const { name, definition } = validate(definitionBody, body);
  return {
    name: name ?? null,
    ...parse(JSON.stringify(definition), 'json', maxBytes),
    pointer: '/definition',
  };
}

/** The findings of the validator, and of the reader of schedules, with their paths in the request body. */
function checkDefinition(
  { definition, pointer }: Pick<SentDefinition, 'definition' | 'pointer'>,
  { maxForkBranches }: Pick<Config, 'maxForkBranches'>,
): { errors: ErrorItem[]; warnings: ErrorItem[] } {
  const { errors: found, warnings } = validateDefinition(definition, { maxForkBranches });
  const errors = found.length > 0 ? found : scheduleErrors(definition, Date.now());
  const inBody = ({ path, message }: ErrorItem): ErrorItem => ({ path: pointer + path, message });
  return { errors: errors.map(inBody), warnings: warnings.map(inBody) };
}

/** As `checkDefinition`, and what keeps a draft that is valid from being published. */
export function checkPublishable(
  sent: Pick<SentDefinition, 'definition' | 'pointer'>,
  config: Pick<Config, 'maxForkBranches'>,
): { errors: ErrorItem[]; warnings: ErrorItem[] } {
  const checked = checkDefinition(sent, config);
  if (checked.errors.length > 0) return checked;
  const problem = characterProblem(sent.definition);
  if (problem === null) return checked;
  return { ...checked, errors: [{ ...problem, path: sent.pointer + problem.path }] };
}

/** The error for a definition that is not valid. */
export const workflowInvalid = (errors: ErrorItem[]): ApiError =>
  new ApiError('WORKFLOW_INVALID', `The workflow definition has ${errors.length} problem(s).`, { errors });

/**
 * The draft of the body: a definition that is valid. Without a name of its own it is called by `document.name`.
 * @throws {ApiError} WORKFLOW_INVALID with every problem and its path, and what `readDefinition` throws
 */
export async function readDraft(source: DefinitionSource): Promise<Draft> {
  const sent = await readDefinition(source);
  const { errors } = checkDefinition(sent, source.deps.config);
  if (errors.length > 0) throw workflowInvalid(errors);
  // Valid, so it has a document with a name.
  const { document } = sent.definition as { document: { name: string } };
  return {
    name: sent.name ?? document.name,
    definition: sent.definition,
    source: sent.source,
    digest: createHash('sha256').update(sent.source).digest('hex'),
  };
}
