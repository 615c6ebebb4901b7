/** Every task type there is; the first that matches a definition is its type. */
import { callFunctionTask } from './call-function.ts';
import { callGrpcTask } from './call-grpc.ts';
import { callHttpTask } from './call-http.ts';
import { callMcpTask } from './call-mcp.ts';
import { callOpenapiTask } from './call-openapi.ts';
import { doTask } from './do.ts';
import { emitTask } from './emit.ts';
import { forTask } from './for.ts';
import { forkTask } from './fork.ts';
import { listenTask } from './listen.ts';
import { raiseTask } from './raise.ts';
import { runWorkflowTask } from './run-workflow.ts';
import { setTask } from './set.ts';
import { switchTask } from './switch.ts';
import { tryTask } from './try.ts';
import type { TaskModule } from './types.ts';
import { waitTask } from './wait.ts';

export const TASK_MODULES: readonly TaskModule[] = [
  callGrpcTask,
  callHttpTask,
  callMcpTask,
  callOpenapiTask,
  doTask,
  emitTask,
  forTask,
  forkTask,
  listenTask,
  raiseTask,
  runWorkflowTask,
  setTask,
  switchTask,
  tryTask,
  waitTask,
  // Takes every call that is none of the above.
  callFunctionTask,
];
