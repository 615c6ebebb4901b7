/** Names of secrets: what `use.secrets` lists and a URL can carry. */

/** `.` and `..` are left out: as segments of a path they disappear (RFC 3986, section 5.2.4). */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}$/;

/** The rule in words, for messages. */
export const SECRET_NAME_RULE = 'must be 1 to 255 letters, digits, "_", "-" or ".", and not "." or ".."';

/** Whether a secret can have this name. */
export const isSecretName = (text: string): boolean => NAME.test(text);
