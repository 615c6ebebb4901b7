/** The job as a service of Restate. */
import { serve, service, type Context } from '@restatedev/restate-sdk';
import { tellReady } from './channel.ts';
import { callTarget } from './step.ts';

const port = Number(process.env['PORT']);
const bench = service({
  name: 'bench',
  handlers: {
    three: async (context: Context) => {
      await context.run('one', callTarget);
      await context.run('two', callTarget);
      await context.run('three', callTarget);
    },
  },
});

await serve({ services: [bench], port });
tellReady(port);
