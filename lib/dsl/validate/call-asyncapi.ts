/** `call: asyncapi`, which is refused; its shape is checked all the same. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkAuthentication } from './authentication.ts';
import type { TaskPlace } from './context.ts';
import { durationIn } from './duration.ts';
import { isExpression, lineBreakHint } from './formats.ts';
import { iteratorIn } from './iterator.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { asObject, asText, at, checkObject, exactlyOne, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';
import { NO_ASYNCAPI } from './unsupported.ts';

const PROTOCOLS =
  'amqp amqp1 anypointmq googlepubsub http ibmmq jms kafka mercure mqtt mqtt5 nats pulsar redis sns solace sqs stomp ws';

export function checkAsyncApi(place: TaskPlace, value: JsonObject, path: string): void {
  const { context, locals } = place;
  const { report } = context;
  const { text, object, choice } = memberChecks(report);
  checkObject(report, value, path, {
    of: '`call: asyncapi`',
    members: {
      document: (document, documentPath, name) => checkResource(context, document, documentPath, name),
      channel: text,
      operation: text,
      server: objectOf(place, { name: text, variables: object }, ['name']),
      protocol: choice(PROTOCOLS.split(' ')),
      message: objectOf(place, { payload: object, headers: object }),
      subscription: subscriptionIn(place),
      authentication: (policy, policyPath) =>
        checkAuthentication(context, policy, policyPath, { stage: 'definition', locals }),
    },
    required: ['document'],
  });
  exactlyOne(report, value, path, '`call: asyncapi`', ['channel', 'operation']);
  exactlyOne(report, value, path, '`call: asyncapi`', ['message', 'subscription']);
  report.refused(at(place.path, 'call'), 'call: asyncapi', NO_ASYNCAPI);
}

/** The check of a member that is an object of these members and no other. */
const objectOf =
  (
    { context: { report } }: TaskPlace,
    members: Readonly<Record<string, MemberCheck>>,
    required: readonly string[] = [],
  ): MemberCheck =>
  (value, path, name) => {
    const object = asObject(report, value, path, name);
    if (object !== null) checkObject(report, object, path, { of: name, members, required });
  };

function subscriptionIn(place: TaskPlace): MemberCheck {
  const { context, locals } = place;
  const { integer } = memberChecks(context.report);
  const condition = enclosedIn(place);
  const consume: MemberCheck = (value, path, name) => {
    const members = {
      for: durationIn(context, locals),
      amount: integer,
      while: condition,
      until: condition,
    };
    const object = asObject(context.report, value, path, name);
    if (object === null) return;
    checkObject(context.report, object, path, { of: name, members });
    exactlyOne(context.report, object, path, name, ['amount', 'while', 'until']);
  };
  return objectOf(place, { filter: condition, consume, foreach: iteratorIn(context, locals) }, ['consume']);
}

/** An expression that the schema wants in `${ }`. It sees messages, so its variables are not looked at. */
const enclosedIn =
  ({ context: { report } }: TaskPlace): MemberCheck =>
  (value: Json, path, name) => {
    const text = asText(report, value, path, name);
    if (text === null || isExpression(text)) return;
    const hint = lineBreakHint(text);
    report.shape(
      path,
      hint === '' ? `${name} must be an expression in \`\${ }\`; it is ${shown(text)}` : hint,
    );
  };
