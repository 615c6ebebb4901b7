/** Lets a few through at a time; orgs that wait take turns. */

export interface OrgGate {
  /** @returns undefined to go on at once, else a promise that resolves when it may */
  enter(orgId: string): Promise<void> | undefined;
  /** One that has entered is through. */
  leave(): void;
}

/** @param places how many are let through at a time */
export function createOrgGate(places: number): OrgGate {
  let free = places;
  /** By org, in the order in which it is their turn. */
  const waiting = new Map<string, (() => void)[]>();

  return {
    enter(orgId) {
      if (free > 0) {
        free -= 1;
        return undefined;
      }
      return new Promise((resolve) => {
        const others = waiting.get(orgId);
        if (others === undefined) waiting.set(orgId, [resolve]);
        else others.push(resolve);
      });
    },
    leave() {
      const next = waiting.entries().next();
      if (next.done) {
        free += 1;
        return;
      }
      // The place goes to the org whose turn it is, which then comes last.
      const [orgId, resolves] = next.value;
      const go = resolves.shift();
      waiting.delete(orgId);
      if (resolves.length > 0) waiting.set(orgId, resolves);
      go?.();
    },
  };
}
