/**
 * Formats of job payloads and recorded progress (design, section 4). A release reads its own and the previous one. What
 * it writes is the newest that every live worker reads, as their heartbeats say; a worker that meets a newer one than
 * it knows hands the job back delayed.
 *
 * 1. The whole progress tree is one text in the run's row.
 * 2. Branches of forks and large values are parts of their own. Definitions may have `emit`, `listen` and `schedule`.
 */

export const OLDEST_FORMAT = 1;
export const NEWEST_FORMAT = 2;
