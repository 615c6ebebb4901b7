/** URI references inside a schema (RFC 3986), resolved without ever fetching anything. */

/** The base of a schema without `$id`; a name that can never be reached (RFC 2606). */
export const DEFAULT_BASE = 'https://schema.invalid/';

/** Of a reference with more than a fragment: each is resolved against a base, which other references have made. */
const MAX_LENGTH = 2000;

export interface SchemaUri {
  /** Without fragment. */
  base: string;
  /** Percent-decoded, without `#`. */
  fragment: string;
}

/** Resolves a reference; null when it is none. */
export function resolveUri(reference: string, base: string): SchemaUri | null {
  if (reference.startsWith('#')) return withFragment(base, reference.slice(1));
  if (reference.length > MAX_LENGTH || !URL.canParse(reference, base)) return null;
  const url = new URL(reference, base);
  const hash = url.hash.slice(1);
  url.hash = '';
  return url.href.length > MAX_LENGTH ? null : withFragment(url.href.replace(/#$/, ''), hash);
}

function withFragment(base: string, fragment: string): SchemaUri | null {
  try {
    return { base, fragment: decodeURIComponent(fragment) };
  } catch {
    return null;
  }
}

/** The steps of a JSON pointer (RFC 6901) that starts with a slash. */
export const pointerSteps = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
