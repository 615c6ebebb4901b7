/** The spellings under which a secret's text can turn up elsewhere. */

/** Shorter texts are not masked: they would shred every other text. */
export const MIN_SECRET_LENGTH = 4;

/** Characters that `encodeURIComponent` leaves and others encode (RFC 3986, section 2.2, sub-delims). */
const LEFT_AS_IS = /[!'()*]/g;
const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * Base64 of the bytes as it stands inside the base64 of a longer text that begins `shift` bytes earlier, without
 * the characters that also depend on the neighbours.
 */
function inBase64(bytes: Buffer, shift: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

/**
 * Every spelling of a secret that is looked for: itself, as in a JSON string, percent-encoded (RFC 3986, and as in
 * forms), base64 and base64url alone or inside a longer text. None is shorter than MIN_SECRET_LENGTH.
 */
export function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret, 'utf8');
  // Well-formed: encodeURIComponent throws at half a surrogate pair.
  const encoded = encodeURIComponent(bytes.toString('utf8'));
  const strict = encoded.replace(LEFT_AS_IS, percent);
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    strict,
    strict.replaceAll('%20', '+'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const shift of [0, 1, 2]) forms.push(inBase64(bytes, shift, encoding));
  }
  return new Set(forms.filter((form) => form.length >= MIN_SECRET_LENGTH));
}
