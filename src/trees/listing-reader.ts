import { FixityError } from '#kernel';

/** Takes the fields of a listing one after another; each refusal names the record it is in. */
export class ListingReader {
  /** The record being read, counted from 1; 0 is the header. */
  record = 0;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next bytes, copied, so that an entry does not keep the whole listing in memory. */
  bytes(length: number): Buffer {
    return Buffer.from(this.#take(length));
  }

  sized(maximum: number, what: string): Buffer {
    const length = this.uint32();
    if (length > maximum) throw this.refused(`${what} is longer than ${maximum} bytes`);
    return this.bytes(length);
  }

  uint8(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): number {
    const value = this.#take(8).readBigUInt64BE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.refused('its size is out of range');
    return Number(value);
  }

  refused(problem: string): FixityError {
    return new FixityError('invalid-input', `Record ${this.record} of the tree cannot be read: ${problem}`, {
      members: { record: this.record, offset: this.#at },
    });
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw this.refused('the listing ends in the middle of it');
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}
