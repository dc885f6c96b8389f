/** What a path under a log's prefix names (C2SP tlog-tiles). `width` is 256 for a full tile. */
export type TilePath =
  | { readonly kind: 'tile'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

const pathPattern =
  /^tile\/(?<level>entries|[0-9]|[1-5][0-9]|6[0-3])\/(?<index>(?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/(?<width>[1-9][0-9]{0,2}))?$/;
const fullWidth = 256;

/** Reads `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; undefined for everything else, other spellings too. */
export function parseTilePath(path: string): TilePath | undefined {
  const groups = pathPattern.exec(path)?.groups;
  if (groups === undefined) return undefined;
  const { level = '', index: elements = '', width: partial } = groups;
  const index = Number(elements.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? fullWidth : Number(partial);
  if (!Number.isSafeInteger(index) || encodeIndex(index) !== elements) return undefined;
  if (partial !== undefined && width >= fullWidth) return undefined;
  return level === 'entries' ? { kind: 'entries', index, width } : { kind: 'tile', level: Number(level), index, width };
}

export function formatTilePath(path: TilePath): string {
  const level = path.kind === 'entries' ? 'entries' : path.level;
  const partial = path.width === fullWidth ? '' : `.p/${path.width}`;
  return `tile/${level}/${encodeIndex(path.index)}${partial}`;
}

/** 1234067 becomes `x001/x234/067`. */
function encodeIndex(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const elements = padded.match(/.{3}/g) ?? [];
  return elements.map((element, at) => (at < elements.length - 1 ? `x${element}` : element)).join('/');
}
