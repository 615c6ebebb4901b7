/** What the language has and this service has not: one problem each, with the reason or the way around. */
import { isJsonObject, member } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import type { Report } from './report.ts';
import { at } from './shape.ts';
import { didYouMean, shown } from './text.ts';

const NO_PROCESSES =
  'a service that many share runs no processes of its users; put it behind HTTP and use `call: http`';

/** Checks for `fork`, `emit`, `listen`: known task types whose insides are not looked at. */
export function unsupportedTask({ context, path }: TaskPlace, type: string): void {
  context.report.unsupported(at(path, type), type);
}

export function checkRun({ context, task, path }: TaskPlace): void {
  const { report } = context;
  const kind = ['container', 'script', 'shell'].find((name) => member(task['run'], name) !== undefined);
  if (kind === undefined) report.unsupported(at(path, 'run'), 'run: workflow');
  else report.refused(at(at(path, 'run'), kind), `run: ${kind}`, NO_PROCESSES);
}

/** Every `call` but `http`. */
export function unsupportedCall(report: Report, call: string, task: Json, path: string): void {
  const arguments_ = member(task, 'with');
  const callPath = at(path, 'call');
  if (call === 'mcp' && member(member(arguments_, 'transport'), 'stdio') !== undefined) {
    report.refused(at(at(at(path, 'with'), 'transport'), 'stdio'), 'call: mcp over stdio', NO_PROCESSES);
  } else if (call === 'asyncapi' && !isWebProtocol(member(arguments_, 'protocol'))) {
    const reason = 'only http and ws can be reached from here; message brokers cannot';
    report.refused(at(at(path, 'with'), 'protocol'), 'call: asyncapi over a broker', reason);
  } else if (['asyncapi', 'grpc', 'openapi', 'a2a', 'mcp'].includes(call)) {
    report.unsupported(callPath, `call: ${call}`, 'use `call: http`');
  } else if (didYouMean(call, ['http']) !== '' || call === 'https') {
    report.error(callPath, `there is no call ${shown(call)}; did you mean \`http\`?`);
  } else {
    report.error(
      callPath,
      `${shown(call)} calls a function, and functions are not supported yet; use \`call: http\``,
    );
  }
}

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

/** The authentication of an endpoint, or an entry of `use.authentications`. */
export function unsupportedAuthentication(report: Report, value: Json, path: string): void {
  const grants = [member(member(value, 'oauth2'), 'grant'), member(member(value, 'oidc'), 'grant')];
  if (grants.some((grant) => grant === 'authorization_code' || grant === 'authorization-code')) {
    report.refused(
      path,
      'grant: authorization_code',
      'it needs a person at a browser, and a run has none; use `client_credentials`',
    );
  } else report.unsupported(path, 'authentication');
}

/** `input`, `output` and `export` of a task or workflow: their schemas. */
export function unsupportedSchema(report: Report, owner: Json, path: string, name: string): void {
  if (isJsonObject(owner) && Object.hasOwn(owner, 'schema')) {
    report.unsupported(at(path, 'schema'), `${name}.schema`);
  }
}

const isWebProtocol = (protocol: Json | undefined): boolean =>
  protocol === undefined || protocol === 'http' || protocol === 'ws';
