/** Who asks, and whether they may. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { HonoRequest } from 'hono';
import { ApiError, notFound } from '../errors.ts';
import { parseApiKey } from './api-key.ts';
import type { KeyCache } from './keys.ts';
import type { Caller, OrgRoute } from './route.ts';

const unauthenticated = (detail: string): ApiError => new ApiError('UNAUTHENTICATED', detail);

/** RFC 6750, section 2.1; the scheme's name is case-insensitive. */
const BEARER = /^bearer +(\S+)$/i;

function bearerToken(request: HonoRequest): string | null {
  return BEARER.exec(request.header('authorization') ?? '')?.[1] ?? null;
}

/** Compares in a time that depends on neither value; hashing first makes the lengths equal. */
function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/** Whether SHA-256 of the secret is `secretHash` (hex); takes a time that depends on neither. */
function hasHash(secret: string, secretHash: string): boolean {
  const stored = Buffer.from(secretHash, 'hex');
  const given = hash('sha256', secret, 'buffer');
  return stored.byteLength === given.byteLength && timingSafeEqual(stored, given);
}

/**
 * The caller of `Authorization: Bearer vsp_…` or `X-API-Key: vsp_…`.
 * @throws {ApiError} UNAUTHENTICATED when the key is missing, malformed, unknown or revoked: one answer for all
 */
export async function authenticate(request: HonoRequest, keys: KeyCache): Promise<Caller> {
  const text =
    request.header('authorization') === undefined ? request.header('x-api-key') : bearerToken(request);
  if (!text) throw unauthenticated('Send an API key: "Authorization: Bearer vsp_…" or "X-API-Key: vsp_…".');
  const parsed = parseApiKey(text);
  const key = parsed === null ? null : await keys.find(parsed.keyId);
  if (parsed === null || key === null || !hasHash(parsed.secret, key.secretHash)) {
    throw unauthenticated('The API key is malformed, unknown or revoked.');
  }
  return { orgId: key.orgId, keyId: key.id, scopes: key.scopes, limits: key.limits };
}

/**
 * Lets the caller into the route of an org.
 * @param orgId `:orgId` of the path
 * @throws {ApiError} NOT_FOUND for another org, as if it did not exist; FORBIDDEN, naming the missing scope
 */
export function authorize(caller: Caller, orgId: string, access: OrgRoute['access']): void {
  if (caller.orgId !== orgId.toLowerCase()) throw notFound();
  if (access === 'any-scope' || caller.scopes.includes(access) || caller.scopes.includes('admin')) return;
  throw new ApiError('FORBIDDEN', `The API key lacks the scope "${access}".`);
}

/**
 * Checks the operator's token (VESPID_ADMIN_TOKEN), sent as `Authorization: Bearer …`.
 * @throws {ApiError} UNAUTHENTICATED also when no token is configured
 */
export function requireAdminToken(request: HonoRequest, adminToken: string | null): void {
  const token = bearerToken(request);
  if (adminToken === null)
    throw unauthenticated('The server has no admin token: VESPID_ADMIN_TOKEN is not set.');
  if (token === null || !equalSecrets(token, adminToken)) {
    throw unauthenticated('Send the admin token: "Authorization: Bearer …".');
  }
}
