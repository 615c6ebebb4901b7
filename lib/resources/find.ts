/** Every place in a definition that names an external document. */
import { at } from '../dsl/validate/shape.ts';
import { isJsonObject, member, type JsonObject } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import type { ResourceKind, ResourceUse } from './types.ts';

/** Members of a task that are task lists. */
const LISTS = [['do'], ['try'], ['catch', 'do'], ['fork', 'branches'], ['foreach', 'do']];
/** Members of a task, and of a workflow, that have a schema. */
const SCHEMAS = [['input'], ['output'], ['export'], ['foreach', 'output'], ['foreach', 'export']];
const ARGUMENTS: Record<string, [kind: ResourceKind, name: string]> = {
  openapi: ['openapi', 'document'],
  grpc: ['proto', 'proto'],
};

/**
 * The resources of a valid definition, in the order of its parts: the workflow's schemas, its tasks, functions and
 * extensions at any depth.
 */
export function findResources(definition: Json): ResourceUse[] {
  const uses: ResourceUse[] = [];
  findSchemas(definition, '', uses);
  findInList(member(definition, 'do'), '/do', uses);
  const use = member(definition, 'use');
  for (const [name, task] of entriesOf(member(use, 'functions'))) {
    findInTask(task, at('/use/functions', name), uses);
  }
  const extensions = member(use, 'extensions');
  for (const [index, entry] of (Array.isArray(extensions) ? extensions : []).entries()) {
    for (const [name, extension] of entriesOf(entry)) {
      const path = at(at('/use/extensions', index), name);
      findInList(member(extension, 'before'), at(path, 'before'), uses);
      findInList(member(extension, 'after'), at(path, 'after'), uses);
    }
  }
  return uses;
}

function findInList(list: Json | undefined, path: string, uses: ResourceUse[]): void {
  for (const [index, entry] of (Array.isArray(list) ? list : []).entries()) {
    for (const [name, task] of entriesOf(entry)) findInTask(task, at(at(path, index), name), uses);
  }
}

function findInTask(task: Json, path: string, uses: ResourceUse[]): void {
  findSchemas(task, path, uses);
  const call = member(task, 'call');
  const argument = typeof call === 'string' && Object.hasOwn(ARGUMENTS, call) ? ARGUMENTS[call] : undefined;
  if (argument !== undefined) {
    const [kind, name] = argument;
    findIn(member(task, 'with'), at(path, 'with'), { kind, name }, uses);
  }
  for (const keys of LISTS) findInList(memberAt(task, keys), keys.reduce(at, path), uses);
}

function findSchemas(owner: Json, path: string, uses: ResourceUse[]): void {
  for (const keys of SCHEMAS) {
    const schema = member(memberAt(owner, keys), 'schema');
    findIn(schema, at(keys.reduce(at, path), 'schema'), { kind: 'schema', name: 'resource' }, uses);
  }
}

function findIn(
  owner: Json | undefined,
  path: string,
  { kind, name }: { kind: ResourceKind; name: string },
  uses: ResourceUse[],
): void {
  const node = member(owner, name);
  if (isJsonObject(owner) && isJsonObject(node)) uses.push({ kind, pointer: at(path, name), node, owner });
}

const memberAt = (value: Json, keys: readonly string[]): Json | undefined =>
  keys.reduce<Json | undefined>(member, value);

const entriesOf = (value: Json | undefined): [string, Json][] =>
  Object.entries<Json>(isJsonObject(value) ? value : ({} satisfies JsonObject));
