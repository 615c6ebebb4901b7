/** A first look at a .proto text, token by token: its syntax, and whether it is small enough to be parsed. */
import protobuf from 'protobufjs';

/** The parser's time grows with the square of a message's fields. Options and enum values count as fields here. */
const MAX_FIELDS_PER_MESSAGE = 1000;
const MAX_FIELDS = 6000;

interface Block {
  fields: number;
  /** Its fields are those of the message around it. */
  isOneof: boolean;
}

/**
 * @returns what the file declares as `syntax` (proto2 when it does not), or what is too much
 * @throws {Error} of the tokenizer, for a string or a comment without an end
 */
export function scanProto(text: string): { syntax: string } | { problem: string } {
  const { next } = protobuf.tokenize(text, false);
  const blocks: Block[] = [{ fields: 0, isOneof: false }];
  let total = 0;
  let syntax: string | null = null;
  let [before, last] = ['', ''];
  for (let token = next(); token !== null; token = next()) {
    if (token === '"' || token === "'") {
      const value = next() ?? '';
      next();
      if (last === '=' && (before === 'syntax' || before === 'edition')) {
        syntax ??= before === 'syntax' ? value : `edition ${value}`;
      }
    } else if (token === '{') blocks.push({ fields: 0, isOneof: before === 'oneof' });
    else if (token === '}') leave(blocks);
    else if (token === '=') {
      total += 1;
      const block = blocks.at(-1);
      if (block !== undefined) block.fields += 1;
    }
    if (total > MAX_FIELDS) return { problem: `it has more than ${MAX_FIELDS} fields` };
    if ((blocks.at(-1)?.fields ?? 0) > MAX_FIELDS_PER_MESSAGE) {
      return { problem: `a message of it has more than ${MAX_FIELDS_PER_MESSAGE} fields` };
    }
    [before, last] = [last, token];
  }
  return { syntax: syntax ?? 'proto2' };
}

function leave(blocks: Block[]): void {
  const block = blocks.pop();
  const around = blocks.at(-1);
  if (block?.isOneof === true && around !== undefined) around.fields += block.fields;
}
