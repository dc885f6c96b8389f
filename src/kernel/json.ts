/** A JSON value as Fixity stores it: no floats, integers safe, absent members absent. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * RFC 8785 canonical JSON for values without floats (design: `data` holds none).
 * Members whose value is `undefined` are left out, as JSON.stringify does.
 * @throws TypeError on a float, an unsafe integer, a lone surrogate or anything that is not JSON.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON: a string holds a lone surrogate');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`canonical JSON: ${value} is not a safe integer`);
    return Object.is(value, -0) ? '0' : String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`canonical JSON: ${typeof value} is not JSON`);
  const members = value as Record<string, unknown>;
  // RFC 8785, 3.2.3: keys are sorted by UTF-16 code units, which is what the default comparison does.
  const keys = Object.keys(members).filter((key) => members[key] !== undefined);
  keys.sort();
  return `{${keys.map((key) => `${canonicalJson(key)}:${canonicalJson(members[key])}`).join(',')}}`;
}

/** UTF-8 bytes of {@link canonicalJson}. */
export function canonicalBytes(value: unknown): Uint8Array {
  return Buffer.from(canonicalJson(value), 'utf8');
}
