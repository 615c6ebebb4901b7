/** One request to an MCP server in a session of its own: initialize, ask, end. Loads the client when it is used. */
import {
  Client,
  ProtocolError,
  StreamableHTTPClientTransport,
  type ClientOptions,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '../../engine/json.ts';

export interface McpRequest {
  url: URL;
  /** Revision to offer first. */
  protocolVersion: string;
  /** Revisions to take instead when the server offers one. */
  protocolVersions: readonly string[];
  client: { name: string; version: string };
  method: string;
  /** null for none */
  parameters: JsonObject | null;
}

/** The result itself is with whoever gave `fetch`. */
export type McpResult = { ok: true } | { ok: false; code: number; message: string };

/** How long is left to the caller's own limits: those of `fetch`. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** Results go to the workflow as they are, past the client, so there is nothing to check them against. */
const AS_IT_IS = {
  '~standard': { version: 1, vendor: 'vespid', validate: (value: unknown) => ({ value }) },
} as const;

/** The default one compiles schemas of the server with `Function`. */
const NO_SCHEMAS: NonNullable<ClientOptions['jsonSchemaValidator']> = {
  getValidator: () => () => ({ valid: false, data: undefined, errorMessage: 'schemas are not compiled' }),
};

export interface McpSession {
  /**
   * @returns that there is a result, or the error that the server has answered
   * @throws what `fetch` throws, and errors of the client for a server that breaks the protocol
   */
  request(): Promise<McpResult>;
  /** Ends the session at the server, if there is one. @throws as `request` */
  end(): Promise<void>;
  /** Lets go of everything. */
  close(): Promise<void>;
}

export function openSession(request: McpRequest, fetch: typeof globalThis.fetch): McpSession {
  const { url, protocolVersion, protocolVersions, method, parameters } = request;
  const others = protocolVersions.filter((version) => version !== protocolVersion);
  const client = new Client(request.client, {
    supportedProtocolVersions: [protocolVersion, ...others],
    jsonSchemaValidator: NO_SCHEMAS,
  });
  const transport = new StreamableHTTPClientTransport(url, { fetch });
  const options = { timeout: NO_TIMEOUT_MS };
  return {
    async request() {
      try {
        await client.connect(transport, options);
        const asked = parameters === null ? { method } : { method, params: parameters };
        await client.request(asked, AS_IT_IS, options);
        return { ok: true };
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return { ok: false, code: error.code, message: error.message };
      }
    },
    end: () => transport.terminateSession(),
    close: () => client.close(),
  };
}
