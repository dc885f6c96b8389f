import { FixityError } from '#kernel';
import type { Endpoint } from '#node-agent';

/** Everything a placeholder may name: `port`, `port.<name>`, `address`, `instance`, `config`, `root`, `volume.<name>`. */
export type Placeholders = ReadonlyMap<string, string>;

const placeholder = /\{\{([^{}]*)\}\}/g;

export interface PlaceholderValues {
  readonly id: string;
  readonly root: string;
  readonly config?: string | undefined;
  readonly endpoints: readonly Endpoint[];
  /** The address to listen on, or to be reached at. */
  readonly address: string;
  readonly volumes: ReadonlyMap<string, string>;
}

export function placeholdersOf(values: PlaceholderValues): Placeholders {
  const known = new Map([
    ['instance', values.id],
    ['root', values.root],
    ['address', values.address],
  ]);
  if (values.config !== undefined) known.set('config', values.config);
  const first = values.endpoints[0];
  if (first !== undefined) known.set('port', String(first.port));
  for (const { name, port } of values.endpoints) known.set(`port.${name}`, String(port));
  for (const [name, path] of values.volumes) known.set(`volume.${name}`, path);
  return known;
}

/** @throws FixityError `invalid-input` when the text names a placeholder that is not known. */
export function renderText(text: string, known: Placeholders): string {
  return text.replaceAll(placeholder, (whole, name: string) => {
    const value = known.get(name);
    if (value !== undefined) return value;
    throw new FixityError('invalid-input', `the placeholder ${whole} is not known`, {
      facts: [`in: ${text.slice(0, 200)}`],
      next: [`use one of ${[...known.keys()].map((key) => `{{${key}}}`).join(', ')}`],
    });
  });
}

/** Replaces known placeholders; configuration languages have braces of their own, so all other bytes stay as they are. */
export function renderBytes(bytes: Uint8Array, known: Placeholders): Uint8Array {
  // One character per byte, so that bytes that are not UTF-8 survive.
  const text = Buffer.from(bytes).toString('latin1');
  const rendered = text.replaceAll(placeholder, (whole, name: string) => {
    const value = known.get(name);
    return value === undefined ? whole : Buffer.from(value, 'utf8').toString('latin1');
  });
  return Buffer.from(rendered, 'latin1');
}

/** True when a text asks for this port; the first port is also plain `{{port}}`. */
export function mentionsPort(texts: Iterable<string>, name: string, first: boolean): boolean {
  for (const text of texts) {
    if (text.includes(`{{port.${name}}}`) || (first && text.includes('{{port}}'))) return true;
  }
  return false;
}
