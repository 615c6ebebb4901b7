/** A worker of DBOS. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { tellReady } from './channel.ts';
import { launch, QUEUE } from './dbos-workflow.ts';

await launch();
await DBOS.registerQueue(QUEUE, { workerConcurrency: 50, minPollingIntervalMs: 50 });
tellReady();
