import { maximumConfig, parseConfig, syntaxOf } from './config-syntax.ts';

const deepest = 100;
const mostKeys = 100_000;

/**
 * A configuration document as keys and values, for comparing two of them: `tax.mode`, `servers[0].port`, and `a["b.c"]`
 * for a key that is no plain word. Values are JSON, so `"40"` and `40` differ; an empty list or object is a value.
 * Undefined when it cannot be told apart by key: another media type, not well-formed, too large, too deep.
 */
export function configKeys(bytes: Uint8Array, mediaType: string): Map<string, string> | undefined {
  const syntax = syntaxOf(mediaType);
  if (syntax === undefined || bytes.length > maximumConfig) return undefined;
  const keys = new Map<string, string>();
  try {
    return flatten(parseConfig(bytes, syntax), '', 0, keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

function flatten(value: unknown, path: string, depth: number, keys: Map<string, string>): boolean {
  if (depth > deepest || keys.size > mostKeys) return false;
  if (Array.isArray(value) && value.length > 0) {
    return value.every((one, index) => flatten(one, `${path}[${index}]`, depth + 1, keys));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    return Object.entries(value).every(([key, one]) => flatten(one, joined(path, key), depth + 1, keys));
  }
  keys.set(path === '' ? '(document)' : path, JSON.stringify(value) ?? 'null');
  return true;
}

function joined(path: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
