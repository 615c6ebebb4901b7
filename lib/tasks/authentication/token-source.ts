/** Tokens from the cache, or from one request that everybody who needs the same token waits for. */
import { sha256Hex } from './encoding.ts';
import { TokenFailure } from './token-failure.ts';
import { requestToken } from './token-request.ts';
import type { TokenSettings } from './token-settings.ts';
import type { Caller } from './types.ts';

/** A token is not used in the last moments of its life, nor beyond half of a short one. */
const SKEW_MS = 30_000;
/** How long a token without `expires_in` is kept. */
const UNKNOWN_LIFE_MS = 60_000;
const MAX_LIFE_MS = 24 * 3_600_000;

export interface FoundToken {
  token: string;
  /** It was in the cache: the service may have revoked it since. */
  cached: boolean;
}

type Settled = { kind: 'token'; token: string } | { kind: 'failed' | 'abandoned'; error: unknown };

export class TokenSource {
  readonly #underWay = new Map<string, Promise<Settled>>();

  /**
   * @param refused a cached token that a service did not take: another one is fetched
   * @throws {WorkflowError} of type authentication when no token can be had, communication when the authority
   *   cannot be reached
   */
  async find(
    settings: TokenSettings,
    caller: Caller,
    signal: AbortSignal,
    refused: string | null = null,
  ): Promise<FoundToken> {
    // Everything that shapes the request, secrets included, and none of it readable.
    const key = await sha256Hex(JSON.stringify(settings));
    if (refused !== null && caller.tokens.get(key) === refused) caller.tokens.delete(key);
    for (;;) {
      const known = caller.tokens.get(key);
      if (known !== null) return { token: known, cached: true };
      const other = this.#underWay.get(key);
      const settled = await (other === undefined
        ? this.#lead(key, settings, caller, signal)
        : unlessAborted(other, signal));
      if (settled.kind === 'token') return { token: settled.token, cached: false };
      // Whoever asked was interrupted or ran out of time, which is no news for the others.
      if (other !== undefined && settled.kind === 'abandoned') continue;
      throw settled.error instanceof TokenFailure ? settled.error.toError(caller) : settled.error;
    }
  }

  #lead(key: string, settings: TokenSettings, caller: Caller, signal: AbortSignal): Promise<Settled> {
    const asking = ask(key, settings, caller, signal).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asking);
    return asking;
  }
}

async function ask(
  key: string,
  settings: TokenSettings,
  caller: Caller,
  signal: AbortSignal,
): Promise<Settled> {
  try {
    const { token, lifeMs } = await requestToken(settings, caller, signal);
    const keptMs = lifeMs === null ? UNKNOWN_LIFE_MS : lifeMs - Math.min(SKEW_MS, lifeMs / 2);
    caller.tokens.set(key, token, caller.nowMs() + Math.min(keptMs, MAX_LIFE_MS));
    return { kind: 'token', token };
  } catch (error) {
    return { kind: !signal.aborted && error instanceof TokenFailure ? 'failed' : 'abandoned', error };
  }
}

/** Waits for `work`, at most until the signal aborts; then throws its reason. Leaves nothing on the signal. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
