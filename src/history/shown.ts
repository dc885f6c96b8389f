import type { RevisionDocument, ShowAnswer } from '#contract';

/** An answer without its entries; `about` is what they touch. */
export type Shown = Omit<ShowAnswer, 'entries'> & { readonly about: string };

/** The revision document of each environment, as it is now. */
export type Live = readonly RevisionDocument[];

/** A fact; one without a value is not shown. */
export type Pair = readonly [label: string, value: string | undefined];

export function facts(pairs: readonly Pair[]): ShowAnswer['facts'] {
  return pairs.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}
