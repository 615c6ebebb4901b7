/** The job on DBOS. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { callTarget } from './step.ts';

export const QUEUE = 'bench';
export const NAME = 'three';
export const APPLICATION = 'bench';
export const databaseUrl = process.env['DATABASE_URL'] ?? '';

export const three = DBOS.registerWorkflow(
  async () => {
    await DBOS.runStep(callTarget, { name: 'one' });
    await DBOS.runStep(callTarget, { name: 'two' });
    await DBOS.runStep(callTarget, { name: 'three' });
  },
  { name: NAME },
);

export async function launch(): Promise<void> {
  DBOS.setConfig({
    name: APPLICATION,
    applicationVersion: '0.1.0',
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: 10,
    logLevel: 'warn',
  });
  await DBOS.launch();
}
