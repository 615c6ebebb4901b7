/** Ids in paths, queries and cursors. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether Postgres would take the text as a `uuid` in its standard form (RFC 9562, section 4). */
export const isUuid = (text: string): boolean => UUID.test(text);
