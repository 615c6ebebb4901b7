/** The real API and worker processes as tests start them. A test that leaves one of its processes running fails, and so does a file. */
import { afterAll, afterEach, beforeEach } from 'vitest';
import { living, type TestProcess } from './launch.ts';

export {
  ADMIN_TOKEN,
  startApi,
  startWorker,
  type LogLine,
  type ProcessEnv,
  type TestApi,
  type TestProcess,
  type TestWorker,
} from './launch.ts';

function endLeaked(allowed: ReadonlySet<TestProcess>): void {
  const leaked = [...living].filter((process) => !allowed.has(process));
  for (const process of leaked) process.kill('SIGKILL');
  if (leaked.length > 0) throw new Error(`${leaked.length} process(es) were left running`);
}

let before: ReadonlySet<TestProcess> = new Set();
beforeEach(() => {
  before = new Set(living);
});
// Registered first and therefore run last, after the hooks of the file that stop what it has started.
afterEach(() => {
  endLeaked(before);
});
afterAll(() => {
  endLeaked(new Set());
});
