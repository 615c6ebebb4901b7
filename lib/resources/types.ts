/** External documents that a definition names: fetched once, when a version is published, and kept with it. */
import type { Json, JsonObject } from '../tasks/types.ts';

export type ResourceKind = 'openapi' | 'proto' | 'schema';

/** A place in a definition that names a document. */
export interface ResourceUse {
  readonly kind: ResourceKind;
  /** JSON pointer of the resource node, for example `/do/0/getPet/with/document`. */
  readonly pointer: string;
  /** The node: `{ name?, endpoint }`. */
  readonly node: JsonObject;
  /** What it is an argument of: the `with` of a call, or the schema. */
  readonly owner: JsonObject;
}

/** What is kept of one resource. */
interface KeptResource {
  uri: string;
  /** Of the bytes that were fetched, hex. */
  sha256: string;
  /** What execution needs of it: an operation (lib/tasks/openapi/operation.ts), a .proto text, a JSON schema. */
  text: string;
}

/** `workflow_versions.resources`: by the pointer of the resource node. */
export type KeptResources = Record<string, KeptResource>;

/** A document, fetched and decoded. */
export interface FetchedDocument {
  /** UTF-8, without a byte order mark. */
  readonly text: string;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** Parses it as JSON or YAML; the same value each time. @throws {ResourceFault} when it is neither, or too long */
  value(): Json;
}

/** Why a resource cannot be used. The message never quotes a path, query, header or content. */
export class ResourceFault extends Error {
  /** Where in the definition, from the resource node (`endpoint`), or from what it is an argument of (`../…`). */
  readonly at: string;

  constructor(message: string, at = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResourceFault';
    this.at = at;
  }
}
