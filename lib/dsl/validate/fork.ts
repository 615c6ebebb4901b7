/** `fork`: branches that run side by side. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import { memberChecks } from './members.ts';
import { asObject, at, checkObject, get } from './shape.ts';

export function checkFork({ context, task, path, locals }: TaskPlace): void {
  const { report } = context;
  const forkPath = at(path, 'fork');
  const fork = asObject(report, get(task, 'fork'), forkPath, '`fork`');
  if (fork === null) return;
  checkObject(report, fork, forkPath, {
    of: '`fork`',
    members: {
      branches: (branches, branchesPath) =>
        context.taskList(branches, { path: branchesPath, locals, name: '`branches`', branches: true }),
      compete: memberChecks(report).boolean,
    },
    required: ['branches'],
  });
  const branches = get(fork, 'branches');
  if (!Array.isArray(branches)) return;
  const branchesPath = at(forkPath, 'branches');
  // A fork makes progress in every branch at once, and keeps it all in the run's state.
  const { maxForkBranches } = context.limits;
  if (branches.length > maxForkBranches) {
    report.semantic(
      branchesPath,
      `a fork has at most ${maxForkBranches} branches (MAX_FORK_BRANCHES); this one has ${branches.length}`,
    );
  }
  if (get(fork, 'compete') !== true) warnOfExports({ context }, branches, branchesPath);
}

/** What a branch exports is dropped, unless it is the one that wins. */
function warnOfExports(
  { context }: Pick<TaskPlace, 'context'>,
  branches: readonly Json[],
  path: string,
): void {
  for (const [index, item] of branches.entries()) {
    for (const [name, branch] of Object.entries(isJsonObject(item) ? item : {})) {
      if (!isJsonObject(branch) || !Object.hasOwn(branch, 'export')) continue;
      context.report.warn(
        at(at(at(path, index), name), 'export'),
        'the context of a branch is dropped when the fork ends; use the `export` of the fork, whose output has the outputs of all branches',
      );
    }
  }
}
