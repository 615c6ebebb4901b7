/**
 * One operation of an OpenAPI document, reduced to what a call needs: all that a published version keeps of the
 * document (lib/resources/openapi writes it, `call: openapi` reads it).
 */

/** How arrays and objects become text (OpenAPI 3.1, Style Values; `tabDelimited` is `tsv` of Swagger 2.0). */
export type Style =
  'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'tabDelimited' | 'deepObject';

export interface OperationParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  /** Reserved characters may stand in the query as they are. */
  readonly allowReserved?: true;
  /** The value is sent as JSON text (`content` in place of `schema`). */
  readonly json?: true;
}

/** A field of a form that is not sent in the default way. */
export interface FormField {
  readonly name: string;
  readonly style?: Style;
  readonly explode?: boolean;
  /** Media type of its part in a multipart form. */
  readonly contentType?: string;
  /** Its part has a file name. */
  readonly file?: true;
}

export interface OperationBody {
  readonly required: boolean;
  /** A parameter with one of these names is the whole body, if no other is left for it. */
  readonly names: readonly string[];
  /** Media types, in the order of the document; never empty. */
  readonly types: readonly string[];
  readonly fields: readonly FormField[];
}

export interface Operation {
  /** Format number of this record. */
  readonly format: 1;
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  /** Absolute http or https URL without query and without a slash at its end. */
  readonly server: string;
  /** Begins with a slash; `{name}` stands for a path parameter. */
  readonly path: string;
  /** Value of the header `accept`, if the document says what the answers are. */
  readonly accept: string | null;
  readonly parameters: readonly OperationParameter[];
  /** null when the operation takes none. */
  readonly body: OperationBody | null;
}

/**
 * Reads what was kept of a document.
 * @throws {Error} when it is of another format, which is a bug: a version keeps what its own release wrote
 */
export function readOperation(text: string): Operation {
  // Written by lib/resources/openapi, and nobody else writes there.
  const operation = JSON.parse(text) as { format: unknown } & Operation;
  if (operation.format !== 1) throw new Error('a kept OpenAPI operation is of a format that is not known');
  return operation;
}
