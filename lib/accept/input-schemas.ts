/** The input schemas of versions, compiled and kept in the process. A version never changes, so nothing goes stale. */
import type { InputSchemaRow } from '../db/runs/input-schema.ts';
import type { JsonSchema } from '../json-schema/index.ts';

/** Text of all schemas that are kept; compiled, a schema takes some ten times its text. */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024;
/** What an entry without a schema counts. */
const MIN_ENTRY_LENGTH = 256;

export interface VersionRef {
  orgId: string;
  workflowId: string;
  version: number;
}

interface Entry {
  /** null: the version has no input schema. */
  schema: JsonSchema | null;
  length: number;
}

const workflowKey = ({ orgId, workflowId }: Omit<VersionRef, 'version'>): string => `${orgId}/${workflowId}`;
const versionKey = (ref: VersionRef): string => `${workflowKey(ref)}/${ref.version}`;

/** Loaded with the first schema: a process that only starts runs without one does not pay for the engine. */
async function compiled({ schema, resource_text: text }: InputSchemaRow): Promise<JsonSchema> {
  const { readSchema } = await import('../dsl/compile/schema.ts');
  return readSchema(schema, text);
}

/** Least recently used entries go first. */
export class InputSchemas {
  private readonly entries = new Map<string, Entry>();
  /** The newest version of a workflow that was asked for. */
  private readonly newest = new Map<string, number>();
  private length = 0;

  /** The schema of a version; null when it has none, undefined when that is not known. */
  get(ref: VersionRef): JsonSchema | null | undefined {
    const key = versionKey(ref);
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.schema;
  }

  /** The newest version of a workflow that is known here; a hint, as another may have been published since. */
  newestKnown(workflow: Omit<VersionRef, 'version'>): number | null {
    return this.newest.get(workflowKey(workflow)) ?? null;
  }

  /**
   * Compiles and keeps the schema of a version.
   * @throws {Error} when the schema does not compile, which is a bug: publish has checked it
   */
  async add(ref: VersionRef, row: InputSchemaRow): Promise<JsonSchema | null> {
    const schema = row.checks_input ? await compiled(row) : null;
    const text = (row.resource_text?.length ?? 0) + (schema === null ? 0 : JSON.stringify(row.schema).length);
    const length = Math.max(text, MIN_ENTRY_LENGTH);
    this.remove(versionKey(ref));
    this.entries.set(versionKey(ref), { schema, length });
    this.length += length;
    const workflow = workflowKey(ref);
    this.newest.set(workflow, Math.max(ref.version, this.newest.get(workflow) ?? 0));
    for (const key of this.entries.keys()) {
      if (this.length <= MAX_TEXT_LENGTH) break;
      this.remove(key);
    }
    return schema;
  }

  private remove(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.length -= entry.length;
    const slash = key.lastIndexOf('/');
    const workflow = key.slice(0, slash);
    if (this.newest.get(workflow) === Number(key.slice(slash + 1))) this.newest.delete(workflow);
  }
}
