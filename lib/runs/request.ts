/** What a caller says to start a run: body, Idempotency-Key and Prefer. */
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import * as v from 'valibot';
import { uuidv7 } from 'uuidv7';
import type { NewRun } from '../db/runs/insert.ts';
import type { Json } from '../engine/types.ts';
import { ApiError } from '../errors.ts';
import type { Caller, RequestContext } from '../http/route.ts';
import { closedObject, storableText, textMap } from '../http/shapes.ts';
import { INSTANT_MESSAGE, toInstant } from './instant.ts';

const MAX_KEY_LENGTH = 255;
const MAX_LABELS = 64;
const MAX_WAIT_SECONDS = 60;
const DEFAULT_PRIORITY = 5;

const integer = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};

/** Number of a version of a workflow. */
export const versionNumber = integer(1, 2 ** 31 - 1);

const startMembers = {
  /** Checked by the workflow, not here: any JSON. */
  input: v.optional(v.unknown()),
  version: v.optional(versionNumber),
  startAt: v.optional(
    v.pipe(
      v.string(INSTANT_MESSAGE),
      v.check((text) => toInstant(text) !== null, INSTANT_MESSAGE),
      v.transform((text) => toInstant(text) ?? text),
    ),
  ),
  priority: v.optional(integer(0, 9)),
  labels: v.optional(
    v.pipe(
      textMap(storableText(1, 64), storableText(0, 255)),
      v.maxEntries(MAX_LABELS, `must have at most ${MAX_LABELS} entries`),
    ),
  ),
};

/** Body of `POST …/runs`. An empty body means `{ "input": null }`. */
export const startBody = closedObject(startMembers);
export type StartBody = v.InferOutput<typeof startBody>;

const idempotencyKey = v.pipe(
  v.string('must be a string'),
  v.regex(/^[\x20-\x7E]{1,255}$/, 'must be 1 to 255 printable ASCII characters'),
);

/** Body of `POST …/runs/batch`. */
export const batchBody = closedObject({
  items: v.pipe(
    v.array(
      closedObject({ ...startMembers, idempotencyKey: v.optional(idempotencyKey) }),
      'must be an array',
    ),
    v.minLength(1, 'must have at least one item'),
    v.maxLength(1000, 'must have at most 1000 items'),
  ),
});

/**
 * The `Idempotency-Key` header, or null.
 * @throws {ApiError} VALIDATION_FAILED when it is empty, too long or not printable ASCII
 */
export function readIdempotencyKey(c: Context): string | null {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return null;
  if (v.is(idempotencyKey, key)) return key;
  throw new ApiError('VALIDATION_FAILED', 'The Idempotency-Key header is not valid.', {
    errors: [
      {
        path: 'header/Idempotency-Key',
        message: `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters`,
      },
    ],
  });
}

/** Seconds of `Prefer: wait=N` (RFC 7240, section 4.3), at most 60; null when it is not asked for or malformed. */
export function readWaitSeconds(c: Context): number | null {
  const header = c.req.header('prefer');
  if (header === undefined) return null;
  for (const preference of header.split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?$/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT_SECONDS);
  }
  return null;
}

/**
 * SHA-256 over method, path and body: what must be the same when an idempotency key comes again.
 * Of a path only the ids can be in capitals, and in either case they name the same.
 */
export function requestDigest(method: string, path: string, body: Uint8Array | string): string {
  return createHash('sha256').update(`${method} ${path.toLowerCase()}\n`).update(body).digest('hex');
}

type RunOrigin = Pick<NewRun, 'orgId' | 'workflowId' | 'trigger' | 'requestedBy' | 'maxAttempts'>;

/** What all runs of one request have in common. */
export const originOf = (
  { c, deps, caller }: RequestContext & { caller: Caller },
  trigger: NewRun['trigger'],
): RunOrigin => ({
  orgId: caller.orgId,
  workflowId: (c.req.param('workflowId') ?? '').toLowerCase(),
  trigger,
  requestedBy: caller.keyId,
  maxAttempts: deps.config.retryAttempts,
});

/** The row to insert; its id is made here. */
export function toNewRun(origin: RunOrigin, body: StartBody, idempotency: NewRun['idempotency']): NewRun {
  return {
    ...origin,
    id: uuidv7(),
    version: body.version ?? null,
    priority: body.priority ?? DEFAULT_PRIORITY,
    labels: body.labels ?? {},
    // The schema lets any JSON through, and nothing that is not JSON can come out of a parsed body.
    inputText: JSON.stringify((body.input as Json | undefined) ?? null),
    startAt: body.startAt ?? null,
    idempotency,
  };
}
