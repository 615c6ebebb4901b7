/** What the language has and this service has not: the reasons, and the way around. */
import type { Report } from './report.ts';

export const NO_PROCESSES =
  'a service that many share runs no processes of its users; put it behind HTTP and use `call: http`';

export const GRANT_NEEDS_PERSON =
  'it needs a person at a browser, and a run has none; use `client_credentials`';

export const NO_ASYNCAPI =
  'message brokers cannot be reached from here; use `call: http` with the HTTP interface of the broker';

export const NO_A2A = 'agents are not called here; use `call: http` with the JSON-RPC endpoint of the agent';

export const NO_CATALOGS =
  'functions are not fetched from elsewhere; copy the function into `use.functions` and call it by its name';

/** A URI scheme that is refused by design, whatever reads it. */
export function refuseFileScheme(report: Report, uri: string, path: string): boolean {
  if (!/^\s*file:/i.test(uri)) return false;
  report.refused(
    path,
    'file:',
    'a service that many share reads no files of its host; use an http or https URL',
  );
  return true;
}
