/** A worker of openworkflow. */
import { Worker } from 'openworkflow';
import { tellReady } from './channel.ts';
import { backend, three } from './openworkflow-workflow.ts';

const worker = new Worker({ backend, workflows: [three], concurrency: 50 });
await worker.start();
tellReady();
