/** Enqueues workflows of DBOS over HTTP. */
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import { APPLICATION, databaseUrl, NAME, QUEUE } from './dbos-workflow.ts';
import { serveFront } from './front.ts';

const client = await DBOSClient.create({
  systemDatabaseUrl: databaseUrl,
  systemDatabasePoolSize: 10,
  applicationName: APPLICATION,
});
serveFront(async () => (await client.enqueue({ workflowName: NAME, queueName: QUEUE })).workflowID);
