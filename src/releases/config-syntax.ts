import { parse as parseToml } from 'smol-toml';
import { parseAllDocuments } from 'yaml';

/** Bytes of the largest configuration that is read as a document; a larger one is still frozen and delivered. */
export const maximumConfig = 4 * 1024 * 1024;

/** How a configuration of this media type is read; undefined when it is bytes and nothing more. */
export function syntaxOf(mediaType: string): 'json' | 'yaml' | 'toml' | undefined {
  const bare = (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const subtype = bare.slice(bare.indexOf('/') + 1);
  if (subtype === 'json' || subtype.endsWith('+json')) return 'json';
  if (/^(x-|vnd\.)?yaml$/.test(subtype) || subtype.endsWith('+yaml')) return 'yaml';
  return subtype === 'toml' || subtype === 'x-toml' ? 'toml' : undefined;
}

/**
 * The value a configuration document holds; several YAML documents in one file are a list.
 * @throws Error of the parser, with line and column, when the text is not what the media type says.
 */
export function parseConfig(bytes: Uint8Array, syntax: 'json' | 'yaml' | 'toml'): unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  if (syntax === 'json') return JSON.parse(text) as unknown;
  if (syntax === 'toml') return plain(parseToml(text));
  const documents = [...parseAllDocuments(text)];
  const values = documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return plain(document.toJS({ maxAliasCount: 100 }) as unknown);
  });
  return values.length > 1 ? values : (values[0] ?? null);
}

/** Dates and large integers of TOML and YAML as the text they are written as, so that JSON Schema can speak of them. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
