/** The process of the open loop: told over its channel what to send, it answers with what it measured. */
import { runOpen, type OpenLoad } from './load.ts';

process.on('message', (load: OpenLoad) => {
  runOpen(load).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
