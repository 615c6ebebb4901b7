/** The job on openworkflow. */
import { defineWorkflow } from 'openworkflow';
import { BackendPostgres } from 'openworkflow/postgres';
import { callTarget } from './step.ts';

export const three = defineWorkflow({ name: 'three' }, async ({ step }) => {
  await step.run({ name: 'one' }, callTarget);
  await step.run({ name: 'two' }, callTarget);
  await step.run({ name: 'three' }, callTarget);
});

export const backend = await BackendPostgres.connect(process.env['DATABASE_URL'] ?? '');
