/** Media types as documents name them. */

/** type/subtype with parameters (RFC 9110, 8.3.1), or a range. What is none is never sent. */
const MEDIA_TYPE =
  /^[!#$&^_.+*0-9A-Za-z-]{1,80}\/[!#$&^_.+*0-9A-Za-z-]{1,80}(?:; ?[A-Za-z0-9-]{1,40}="?[\w.:/-]{1,80}"?){0,4}$/;

export const isMediaType = (text: string): boolean => MEDIA_TYPE.test(text);

/** The type without its parameters, in lower case. */
export const essenceOf = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

/** RFC 6839, 3.1. */
export function isJsonType(type: string): boolean {
  const essence = essenceOf(type);
  return essence === 'application/json' || essence === 'text/json' || essence.endsWith('+json');
}

export const FORM = 'application/x-www-form-urlencoded';
export const MULTIPART = 'multipart/form-data';

/** JSON if the answers can be JSON, since a workflow reads that; null to leave it to the server. */
export function acceptOf(types: readonly string[]): string | null {
  const json = types.find((type) => isMediaType(type) && isJsonType(type));
  return json === undefined ? null : `${json}, */*;q=0.5`;
}
