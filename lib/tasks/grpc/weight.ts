/** What messages cost: libraries make every field of one, so that an empty message of a large type is not small. */
import type { DescMessage } from '@bufbuild/protobuf';

/** Of all values in one answer, or in the arguments of one call: some 100 ms of the event loop, 100 MB of memory. */
export const MAX_WEIGHT = 2_000_000;

/** A number weighs 1. */
export const messageWeight = ({ fields }: DescMessage): number => 4 + 2 * fields.length;
