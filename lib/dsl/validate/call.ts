/** `call`: which call it is, and whether it has its arguments. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import { checkA2a } from './call-a2a.ts';
import { checkAsyncApi } from './call-asyncapi.ts';
import { checkFunctionCall } from './call-function.ts';
import { checkGrpc } from './call-grpc.ts';
import { checkHttp } from './call-http.ts';
import { checkMcp } from './call-mcp.ts';
import { checkOpenApi } from './call-openapi.ts';
import type { TaskPlace } from './context.ts';
import { asText, at, get, kindOf } from './shape.ts';
import { listed } from './text.ts';

/** @param path JSON pointer of `with` */
type ArgumentsCheck = (place: TaskPlace, value: JsonObject, path: string) => void;

/** The calls of the language, and what each cannot do without. */
const CALLS: Readonly<Record<string, { needs: readonly string[]; check: ArgumentsCheck }>> = {
  http: { needs: ['method', 'endpoint'], check: checkHttp },
  openapi: { needs: ['document', 'operationId'], check: checkOpenApi },
  grpc: { needs: ['proto', 'service', 'method'], check: checkGrpc },
  mcp: { needs: ['method', 'transport'], check: checkMcp },
  asyncapi: { needs: ['document'], check: checkAsyncApi },
  a2a: { needs: ['method'], check: checkA2a },
};

export function checkCall(place: TaskPlace): void {
  const { context, task, path } = place;
  const { report } = context;
  const call = asText(report, get(task, 'call'), at(path, 'call'), '`call`');
  if (call === null) return;
  const known = Object.hasOwn(CALLS, call) ? CALLS[call] : undefined;
  if (known === undefined) {
    checkFunctionCall(place, call);
    return;
  }
  const value = get(task, 'with');
  if (value === undefined) {
    report.shape(path, `missing \`with\`; \`call: ${call}\` needs \`with\` with ${listed(known.needs)}`);
  } else if (!isJsonObject(value)) {
    report.shape(
      at(path, 'with'),
      `\`with\` must be an object with ${listed(known.needs)}; it ${kindOf(value)}`,
    );
  } else known.check(place, value, at(path, 'with'));
}
