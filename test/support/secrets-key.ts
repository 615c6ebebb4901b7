/** Keys for secrets, as VESPID_SECRETS_KEY has them. */

/** One entry: `id` and 32 bytes that depend on it alone. */
export const secretsKeyOf = (id: string): string =>
  `${id}:${Buffer.alloc(32, `${id} of the tests `).toString('base64')}`;

/** VESPID_SECRETS_KEY of every process that tests start. */
export const SECRETS_KEY = secretsKeyOf('test');
