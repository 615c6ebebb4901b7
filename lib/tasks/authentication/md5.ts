/**
 * MD5 (RFC 1321). Broken as a hash for signatures, and still what most Digest services ask for. WebCrypto leaves it
 * out and this folder has no node:crypto, hence an own one, for short texts.
 */
import { bytesOf, hexOf } from './encoding.ts';

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
/** T[i] of section 3.4: the integer part of 4294967296 · |sin(i)|, i from 1. */
const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const BLOCK_BYTES = 64;

/** The digest of the text in UTF-8, in lower case hexadecimal digits. */
export function md5Hex(text: string): string {
  const words = padded(bytesOf(text));
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let offset = 0; offset < words.byteLength; offset += BLOCK_BYTES) mix(state, words, offset);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setUint32(index * 4, word, true));
  return hexOf(new Uint8Array(digest.buffer));
}

/** Sections 3.1 and 3.2: one bit, zeros, and the length in bits as 64 bits, low-order first. */
function padded(bytes: Uint8Array): DataView {
  const length = Math.ceil((bytes.byteLength + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  const message = new Uint8Array(length);
  message.set(bytes);
  message[bytes.byteLength] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(length - 8, BigInt(bytes.byteLength) * 8n, true);
  return view;
}

/** Section 3.4: four rounds of sixteen steps over one block. */
function mix(state: Uint32Array, message: DataView, offset: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  const start = [a, b, c, d];
  for (let step = 0; step < 64; step += 1) {
    const round = step >> 4;
    const [mixed, word] = roundOf(round, step, b, c, d);
    const sum = (a + mixed + (SINES[step] ?? 0) + message.getUint32(offset + word * 4, true)) >>> 0;
    const shift = SHIFTS[round]?.[step & 3] ?? 0;
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) >>> 0];
  }
  [a, b, c, d].forEach((word, index) => (state[index] = word + (start[index] ?? 0)));
}

/** The auxiliary function of a round, and which word of the block the step takes. */
function roundOf(round: number, step: number, b: number, c: number, d: number): [number, number] {
  if (round === 0) return [(b & c) | (~b & d), step];
  if (round === 1) return [(b & d) | (c & ~d), (5 * step + 1) & 15];
  if (round === 2) return [b ^ c ^ d, (3 * step + 5) & 15];
  return [c ^ (b | ~d), (7 * step) & 15];
}
