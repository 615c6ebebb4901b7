/** Starts runs of openworkflow over HTTP. */
import { OpenWorkflow } from 'openworkflow';
import { serveFront } from './front.ts';
import { backend, three } from './openworkflow-workflow.ts';

const client = new OpenWorkflow({ backend });
serveFront(async () => (await client.runWorkflow(three.spec, {})).workflowRun.id);
