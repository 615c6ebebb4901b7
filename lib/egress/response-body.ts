/** Reads a response's content within a bound, before and after decompression. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { HttpFailure } from '../engine/types.ts';

type Decode = (content: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const decodeGzip: Decode = promisify(gunzip);
const decodeZlib: Decode = promisify(inflate);
const decodeRaw: Decode = promisify(inflateRaw);

/** "deflate" is zlib's format, but some servers send the bare one (RFC 9110, 8.4.1.2). */
const decodeDeflate: Decode = (content, options) =>
  ((content[0] ?? 0) & 0x0f) === 8 ? decodeZlib(content, options) : decodeRaw(content, options);

const DECODERS = new Map<string, Decode>([
  ['gzip', decodeGzip],
  ['x-gzip', decodeGzip],
  ['deflate', decodeDeflate],
  ['br', promisify(brotliDecompress)],
]);

/**
 * Collects the chunks of a body.
 * @throws {HttpFailure} `too_large` as soon as more than `maxBytes` have come
 */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(host, maxBytes);
    parts.push(chunk);
  }
  return Buffer.concat(parts, length);
}

/**
 * Undoes a Content-Encoding. The output is bounded while it is made, so a small bomb stays small.
 * @param encoding the field's value; only one coding is taken, since several multiply what a bomb costs
 * @throws {HttpFailure} `too_large`, or `network` when the content is not in that coding
 */
export async function decode(
  content: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const coding = (encoding ?? '').trim().toLowerCase();
  if (coding === '' || coding === 'identity' || content.byteLength === 0) return content;
  const decoder = DECODERS.get(coding);
  if (decoder === undefined) {
    throw new HttpFailure('network', `the answer of ${host} has a content-encoding that is not supported`);
  }
  try {
    return await decoder(content, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(host, maxBytes, cause);
    throw new HttpFailure('network', `the answer of ${host} is not in its content-encoding`, { cause });
  }
}

function tooLarge(host: string, maxBytes: number, cause?: unknown): HttpFailure {
  return new HttpFailure('too_large', `the answer of ${host} is larger than ${maxBytes} bytes`, { cause });
}
