/** `call: grpc` */
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkAuthentication } from './authentication.ts';
import { parametersIn } from './call-http.ts';
import type { TaskPlace } from './context.ts';
import { GRPC_HOST } from './formats.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { asObject, asText, checkObject, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';

const MAX_PORT = 65_535;

export function checkGrpc(place: TaskPlace, value: JsonObject, path: string): void {
  const { context } = place;
  checkObject(context.report, value, path, {
    of: '`call: grpc`',
    members: {
      proto: (proto, protoPath, name) => checkResource(context, proto, protoPath, name),
      service: serviceIn(place),
      method: memberChecks(context.report).text,
      arguments: parametersIn(place),
    },
    required: ['proto', 'service', 'method'],
    synonyms: { protocol: 'proto', args: 'arguments', parameters: 'arguments' },
  });
}

const serviceIn =
  (place: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { context, locals } = place;
    const { report } = context;
    const service = asObject(report, value, path, name);
    if (service === null) return;
    checkObject(report, service, path, {
      of: '`service`',
      members: {
        name: memberChecks(report).text,
        host: hostIn(place),
        port: portIn(place),
        authentication(policy, policyPath) {
          checkAuthentication(context, policy, policyPath, { stage: 'definition', locals });
          refuseDigest(place, policy, policyPath);
        },
      },
      required: ['name', 'host'],
    });
  };

const hostIn =
  ({ context }: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const host = asText(context.report, value, path, name);
    if (host === null || GRPC_HOST.test(host)) return;
    context.report.shape(
      path,
      `${shown(host)} is not a host name such as \`grpc.example.com\` (1 to 63 letters, digits, dots and hyphens, without a port)`,
    );
  };

const portIn =
  ({ context: { report } }: TaskPlace): MemberCheck =>
  (value, path, name) => {
    memberChecks(report).integer(value, path, name);
    if (!Number.isInteger(value)) return;
    if (Number(value) < 0 || Number(value) > MAX_PORT) {
      report.shape(path, `${name} must be at most ${MAX_PORT} and not negative`);
    } else if (value === 0) report.semantic(path, `${name} must be at least 1`);
  };

/** A digest answers a challenge, and gRPC has none. */
function refuseDigest({ context }: TaskPlace, policy: Json, path: string): void {
  const name = member(policy, 'use');
  const used = typeof name === 'string' ? context.use.authentications.get(name) : policy;
  if (!isJsonObject(used) || !Object.hasOwn(used, 'digest')) return;
  context.report.semantic(
    path,
    '`digest` needs a challenge of HTTP, which gRPC has not; use `bearer` or `basic`',
  );
}
