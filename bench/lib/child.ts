/** A helper process of the benchmark: it gets a command over its channel and answers once. */
import { fork } from 'node:child_process';

export interface Child {
  pid: number;
  /** @throws {Error} with what the child says, or when it ends first */
  ask<Result>(command: object): Promise<Result>;
  stop(): void;
}

/** Starts the bundle with plain node. */
export function startChild(bundle: string): Child {
  const child = fork(bundle, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${bundle} cannot be started`);
  return {
    pid,
    ask<Result>(command: object): Promise<Result> {
      return new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error(`${bundle} ended before its answer`));
        child.once('exit', ended);
        child.once('message', (answer: { result: Result } | { error: string }) => {
          child.removeListener('exit', ended);
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.result);
        });
        child.send(command);
      });
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
