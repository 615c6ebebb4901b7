/** Every task type there is. */
import { callHttpTask } from './call-http.ts';
import { doTask } from './do.ts';
import { forTask } from './for.ts';
import { raiseTask } from './raise.ts';
import { setTask } from './set.ts';
import { switchTask } from './switch.ts';
import { tryTask } from './try.ts';
import type { TaskModule } from './types.ts';
import { waitTask } from './wait.ts';

export const TASK_MODULES: readonly TaskModule[] = [
  callHttpTask,
  doTask,
  forTask,
  raiseTask,
  setTask,
  switchTask,
  tryTask,
  waitTask,
];
