/** The parameters of an operation: where each goes and how its value is written. */
import { listed, shown } from '../../dsl/validate/text.ts';
import { member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { OperationParameter, Style } from '../../tasks/openapi/operation.ts';
import { ResourceFault } from '../types.ts';
import type { FoundOperation } from './find-operation.ts';
import { isJsonType } from './media-type.ts';
import type { References } from './reference.ts';
import { membersOf } from './members.ts';

const MAX_PARAMETERS = 200;

type Place = OperationParameter['in'];

/** What each place allows; the first is the default (Parameter Object, `style`). */
const STYLES: Record<Place, readonly [Style, ...Style[]]> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

/** Header parameters of these names have no meaning (OpenAPI 3.1, Parameter Object, `name`); never required here. */
const OWN_HEADERS = new Set(['accept', 'authorization', 'content-type']);

const COLLECTION_FORMATS = new Map<string, Style>([
  ['ssv', 'spaceDelimited'],
  ['tsv', 'tabDelimited'],
  ['pipes', 'pipeDelimited'],
]);

/**
 * The raw parameters of the path and the operation; one of the operation replaces that of the path with its name and
 * place (Operation Object, `parameters`).
 * @throws {ResourceFault}
 */
export function rawParameters({ pathItem, operation }: FoundOperation, references: References): JsonObject[] {
  const parameters = new Map<string, JsonObject>();
  for (const owner of [pathItem, operation]) {
    const list = member(owner, 'parameters') ?? [];
    if (!Array.isArray(list)) throw new ResourceFault('the `parameters` of the operation are not a list');
    for (const item of list) {
      const parameter = references.object(item, 'a parameter of the operation');
      parameters.set(
        JSON.stringify([member(parameter, 'in') ?? null, member(parameter, 'name') ?? null]),
        parameter,
      );
      if (parameters.size > MAX_PARAMETERS) {
        throw new ResourceFault(`the operation has more than ${MAX_PARAMETERS} parameters`);
      }
    }
  }
  return [...parameters.values()];
}

/**
 * A parameter of OpenAPI 3.x.
 * @throws {ResourceFault}
 */
export function reduceParameter(raw: JsonObject): OperationParameter {
  const { name, place } = headOf(raw);
  const contentTypes = membersOf(member(raw, 'content')).map(([type]) => type);
  const style = member(raw, 'style') ?? STYLES[place][0];
  const known = STYLES[place].find((candidate) => candidate === style);
  if (known === undefined) {
    const message = `the ${place} parameter ${shown(name)} has a style that is none of ${listed(STYLES[place])}`;
    throw new ResourceFault(message);
  }
  const explode = member(raw, 'explode');
  return {
    name,
    in: place,
    required: isRequired(raw, name, place),
    style: known,
    explode: typeof explode === 'boolean' ? explode : known === 'form',
    ...(member(raw, 'allowReserved') === true && { allowReserved: true as const }),
    ...(contentTypes.some(isJsonType) && { json: true as const }),
  };
}

/**
 * A parameter of Swagger 2.0 that is neither `body` nor `formData`.
 * @throws {ResourceFault}
 */
export function reduceSwaggerParameter(raw: JsonObject): OperationParameter {
  const { name, place } = headOf(raw);
  const { style, explode } = collectionOf(raw, place === 'query' ? 'form' : 'simple');
  return { name, in: place, required: isRequired(raw, name, place), style, explode };
}

/** `collectionFormat` (Swagger 2.0, Parameter Object); csv when absent. */
export function collectionOf(raw: JsonObject, plain: 'form' | 'simple'): { style: Style; explode: boolean } {
  const format = member(raw, 'collectionFormat');
  const delimited = typeof format === 'string' ? COLLECTION_FORMATS.get(format) : undefined;
  return { style: delimited ?? plain, explode: plain === 'form' && format === 'multi' };
}

function headOf(raw: JsonObject): { name: string; place: Place } {
  const name = member(raw, 'name');
  if (typeof name !== 'string' || name === '')
    throw new ResourceFault('a parameter of the operation has no name');
  const place = member(raw, 'in');
  if (!isPlace(place)) {
    const places = listed(Object.keys(STYLES), 'or');
    throw new ResourceFault(`the parameter ${shown(name)} of the operation is not in ${places}`);
  }
  return { name, place };
}

const isPlace = (value: Json | undefined): value is Place =>
  typeof value === 'string' && Object.hasOwn(STYLES, value);

const isRequired = (raw: JsonObject, name: string, place: Place): boolean =>
  place === 'path' ||
  (member(raw, 'required') === true && !(place === 'header' && OWN_HEADERS.has(name.toLowerCase())));
