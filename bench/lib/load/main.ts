/** The load generator's process: told over the channel what to send, it answers with what it measured. */
import { runClosed, type ClosedLoad } from './closed.ts';
import { runPaced, type PacedLoad } from './paced.ts';
import { openStepService } from './step-service.ts';

export type LoadCommand = ClosedLoad | PacedLoad | { kind: 'serve' };

function run(command: LoadCommand): Promise<unknown> {
  switch (command.kind) {
    case 'closed':
      return runClosed(command);
    case 'paced':
      return runPaced(command);
    case 'serve':
      return openStepService();
  }
}

process.on('message', (command: LoadCommand) => {
  run(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
