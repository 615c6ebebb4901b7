/** How long the slices of each workflow's executions are, as far as this worker has seen. */

/** Workflows that are remembered; the one not seen for longest is forgotten. */
const MAX_WORKFLOWS = 1000;
/** How much the newest slice counts. */
const NEWEST_SHARE = 0.3;

export interface SliceLengths {
  /** A moving average, ms; 0 for a workflow that is not known. */
  expectedMs(workflowId: string): number;
  learn(workflowId: string, lengthMs: number): void;
}

export function createSliceLengths(): SliceLengths {
  const averages = new Map<string, number>();
  return {
    expectedMs: (workflowId) => averages.get(workflowId) ?? 0,
    learn(workflowId, lengthMs) {
      const before = averages.get(workflowId) ?? lengthMs;
      averages.delete(workflowId);
      averages.set(workflowId, before + (lengthMs - before) * NEWEST_SHARE);
      const [oldest] = averages.keys();
      if (averages.size > MAX_WORKFLOWS && oldest !== undefined) averages.delete(oldest);
    },
  };
}
