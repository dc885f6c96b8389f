/** Where ids get their random bytes; injected so that tests repeat. */
export type RandomBytes = (size: number) => Uint8Array;

/** UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, the rest random. */
export function uuidv7(milliseconds: number, random: RandomBytes): string {
  const bytes = Buffer.alloc(16);
  bytes.set(random(10), 6);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** A short readable id: letters and digits that cannot be mistaken for one another. */
export function shortId(length: number, random: RandomBytes): string {
  let id = '';
  while (id.length < length) {
    for (const byte of random(length)) {
      if (byte < 248 && id.length < length) id += alphabet[byte % alphabet.length];
    }
  }
  return id;
}
