/** Starts workflows of DBOS over HTTP and runs them in the same process. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { launch, three } from './dbos-workflow.ts';
import { serveFront } from './front.ts';

await launch();
serveFront(async () => (await DBOS.startWorkflow(three)()).workflowID);
