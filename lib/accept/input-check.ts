/**
 * The check of inputs against `input.schema`, before a row exists (contract section 2: INPUT_INVALID).
 *
 * The insert leaves out a run whose version checks its input, unless the run says that exactly that version has
 * been checked. So the version that is inserted is the version that was checked, whatever is published meanwhile;
 * and workflows without a schema pay nothing. A refusal needs a version that was read from the database after the
 * request came: what is cached only lets the first insert succeed.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { bounded, type Database } from '../db/failure.ts';
import { findInputSchema } from '../db/runs/input-schema.ts';
import type { NewRun } from '../db/runs/insert.ts';
import type { Deps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import type { Json } from '../jq/index.ts';
import type { JsonSchema, SchemaProblem } from '../json-schema/index.ts';

/** For one input, and for the inputs of one request together. */
const MAX_INPUT_MS = 50;
const MAX_REQUEST_MS = 500;
/** The event loop gets a turn after this much work. */
const SLICE_MS = 10;

const invalid = (version: number, problems: readonly SchemaProblem[]): ApiError =>
  new ApiError('INPUT_INVALID', `The input does not match \`input.schema\` of version ${version}.`, {
    errors: problems.map(({ path, message }) => ({ path: `/input${path}`, message })),
  });

export type InputCheckDeps = Database & Pick<Deps, 'log' | 'inputSchemas'>;

/** The checks of one request. */
export class InputChecks {
  private readonly deps: InputCheckDeps;
  private readonly checked = new Map<NewRun, number>();
  private leftMs = MAX_REQUEST_MS;
  private sliceMs = 0;

  constructor(deps: InputCheckDeps) {
    this.deps = deps;
  }

  /** The version whose schema the run's input fits; null when none was checked. */
  readonly checkedVersion = (run: NewRun): number | null => this.checked.get(run) ?? null;

  /** Checks against the schemas that are known already, so that the first insert can succeed. Refuses nothing. */
  async anticipate(runs: readonly NewRun[]): Promise<void> {
    const { inputSchemas } = this.deps;
    for (const run of runs) {
      const version = run.version ?? inputSchemas.newestKnown(run);
      if (version === null) continue;
      const schema = inputSchemas.get({ ...run, version }) ?? null;
      if (schema !== null && (await this.problems(schema, run)).length === 0) this.checked.set(run, version);
    }
  }

  /**
   * Checks a run that was not inserted.
   * @param version what the database said it would run now
   * @returns why it is refused, or null: the insert may be tried again
   * @throws what a database throws that is not available
   */
  async judge(run: NewRun, version: number): Promise<ApiError | null> {
    if (this.checked.get(run) === version) return null;
    let schema: JsonSchema | null;
    try {
      schema = await this.schemaOf(run, version);
    } catch (error) {
      if (!(error instanceof UnreadableSchema)) throw error;
      this.deps.log.error(
        { err: error.cause, workflowId: run.workflowId, version },
        'an input schema is broken',
      );
      return new ApiError('INTERNAL', 'The input could not be checked.', { cause: error });
    }
    if (schema === null) return null;
    const problems = await this.problems(schema, run);
    if (problems.length > 0) return invalid(version, problems);
    this.checked.set(run, version);
    return null;
  }

  private async schemaOf(run: NewRun, version: number): Promise<JsonSchema | null> {
    const { inputSchemas, sql, config } = this.deps;
    const ref = { orgId: run.orgId, workflowId: run.workflowId, version };
    const known = inputSchemas.get(ref);
    if (known !== undefined) return known;
    const [row] = await bounded(findInputSchema(sql, ref), config.databaseTimeoutMs);
    // Versions are never removed; without one there is nothing to check, and nothing to remember.
    if (row === undefined) return null;
    try {
      return await inputSchemas.add(ref, row);
    } catch (error) {
      throw new UnreadableSchema('the schema does not compile', { cause: error });
    }
  }

  private async problems(schema: JsonSchema, run: NewRun): Promise<SchemaProblem[]> {
    if (this.leftMs <= 0) {
      const message = `cannot be checked: the inputs of the request exceed their limit of ${MAX_REQUEST_MS} milliseconds`;
      return [{ path: '', message, limit: 'time' }];
    }
    const startedAt = performance.now();
    // The API wrote this text itself.
    const input = JSON.parse(run.inputText) as Json;
    const maxTimeMs = Math.min(MAX_INPUT_MS, this.leftMs);
    const problems = schema.validate(input, { maxTimeMs });
    const tookMs = performance.now() - startedAt;
    this.leftMs -= tookMs;
    this.sliceMs += tookMs;
    if (this.sliceMs > SLICE_MS) {
      this.sliceMs = 0;
      await turn();
    }
    return problems;
  }
}

/** A published schema that cannot be read: a bug, which costs its run only. */
class UnreadableSchema extends Error {}
