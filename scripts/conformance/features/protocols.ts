/** gRPC and MCP. */
import { task, type Section } from '../feature.ts';

const GRPC = 'test/unit/tasks/grpc/call-grpc.test.ts';
const TRANSPORT = 'test/unit/egress/grpc.test.ts';
const MCP = 'test/unit/tasks/mcp/call-mcp.test.ts';

const grpc = (service: string, rest = ''): string =>
  `{ call: grpc, with: { proto: { endpoint: 'https://api.test/service.proto' }, service: { name: greet.Greeter, host: api.test${service} }, method: SayHello${rest} } }`;

const GREETED = { gives: { message: 'hi' } };

const TRANSPORT_HTTP = "transport: { http: { endpoint: 'https://api.test/mcp' } }";
const mcp = (rest: string, as: string, transport = TRANSPORT_HTTP): string =>
  `{ call: mcp, with: { ${rest}, ${transport} }, output: { as: '${as}' } }`;
const LIST = 'method: tools/list';
const TOOLS = '.tools[0].name';

export const protocolSections: readonly Section[] = [
  {
    title: '`call: grpc`',
    features: [
      task('`proto`, `service`, `method`', grpc(''), { ...GREETED, shown: [GRPC, TRANSPORT] }),
      task('`proto` on `file:`', grpc('').replace('https://api.test', 'file://app')),
      task('`service.port`', grpc(', port: 50051'), { ...GREETED, shown: [GRPC] }),
      task('`service.authentication`', grpc(', authentication: { bearer: { token: hush } }'), {
        ...GREETED,
        shown: [GRPC],
        note: 'basic, bearer, oauth2, oidc; a digest needs a challenge, which gRPC has not',
      }),
      task(
        '`service.authentication: digest`',
        grpc(', authentication: { digest: { username: u, password: p } }'),
      ),
      task('`arguments`', grpc('', ", arguments: { name: '${ .n }' }"), {
        input: { n: 'you' },
        ...GREETED,
        shown: [GRPC],
      }),
    ],
  },
  {
    title: '`call: mcp`',
    features: [
      task('`transport.http`', mcp(LIST, TOOLS), { gives: 'greet', shown: [MCP] }),
      task(
        '`transport.http.headers`',
        mcp(LIST, TOOLS, "transport: { http: { endpoint: 'https://api.test/mcp', headers: { x: y } } }"),
        {
          gives: 'greet',
          shown: [MCP],
        },
      ),
      task('`transport.stdio`', mcp(LIST, TOOLS, 'transport: { stdio: { command: npx } }')),
      task(
        '`transport.options`',
        mcp(LIST, TOOLS, "transport: { http: { endpoint: 'https://api.test/mcp' }, options: { o: v } }"),
        {
          gives: 'greet',
          note: 'no option is known: they are passed over',
        },
      ),
      task('`protocolVersion`', mcp(`protocolVersion: '2025-06-18', ${LIST}`, TOOLS), {
        gives: 'greet',
        shown: [MCP],
      }),
      task('`client`', mcp(`client: { name: c, version: v }, ${LIST}`, TOOLS), {
        gives: 'greet',
        shown: [MCP],
      }),
      task('`timeout`', mcp(`timeout: PT5S, ${LIST}`, TOOLS), { gives: 'greet', shown: [MCP] }),
      task('`method: tools/list`', mcp(LIST, TOOLS), { gives: 'greet', shown: [MCP] }),
      task(
        '`method: tools/call`, `parameters`',
        mcp('method: tools/call, parameters: { name: "${ .n }" }', '.content[0].text'),
        {
          input: { n: 'greet' },
          gives: 'called greet',
          shown: [MCP],
        },
      ),
      task('`method: prompts/list`', mcp('method: prompts/list', '.prompts[0].name'), { gives: 'ask' }),
      task(
        '`method: prompts/get`',
        mcp('method: prompts/get, parameters: { name: ask }', '.messages[0].content.text'),
        {
          gives: 'ask',
        },
      ),
      task('`method: resources/list`', mcp('method: resources/list', '.resources[0].name'), { gives: 'a' }),
      task(
        '`method: resources/read`',
        mcp("method: resources/read, parameters: { uri: 'test://a' }", '.contents[0].text'),
        {
          gives: 'content',
        },
      ),
      task(
        '`method: resources/templates/list`',
        mcp('method: resources/templates/list', '.resourceTemplates[0].name'),
        {
          gives: 'b',
        },
      ),
    ],
  },
];
