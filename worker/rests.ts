/** Whom something failed for: it is left alone for a while, which doubles from one failure to the next. */

const FIRST_MS = 1000;
const MAX_MS = 60_000;

export interface Rests {
  /** Those that rest. All times are by one monotonic clock, ms. */
  ids(nowMs: number): string[];
  /** Something failed for it. */
  rest(id: string, nowMs: number): void;
  /** Something worked for it. */
  end(id: string): void;
}

export function createRests(): Rests {
  const rests = new Map<string, { untilMs: number; lengthMs: number }>();
  return {
    ids: (nowMs) => [...rests].filter(([, { untilMs }]) => untilMs > nowMs).map(([id]) => id),
    rest(id, nowMs) {
      const lengthMs = Math.min(MAX_MS, (rests.get(id)?.lengthMs ?? FIRST_MS / 2) * 2);
      rests.set(id, { untilMs: nowMs + lengthMs, lengthMs });
    },
    end: (id) => void rests.delete(id),
  };
}
