import type { KeyDraft } from './key-draft.ts';

/** What can be changed on its own; the end of a key is told by two fields that belong together. */
const PARTS = [
  ['name'],
  ['scopes'],
  ['appIds'],
  ['expiry', 'expiryDate'],
  ['addresses'],
  ['origins'],
  ['bundleIds'],
  ['rateLimits'],
] as const satisfies readonly (readonly (keyof KeyDraft)[])[];

type Part = (typeof PARTS)[number];

const read = (draft: KeyDraft, part: Part) => JSON.stringify(part.map((field) => draft[field]));

const take = (draft: KeyDraft, part: Part): Partial<KeyDraft> =>
  Object.fromEntries(part.map((field) => [field, draft[field]]));

/** A draft carried over to what someone else made of the key meanwhile. */
export type Rebased = {
  /** Theirs where nothing was typed, mine where something was. */
  draft: KeyDraft;
  /** The same with theirs wherever both changed the same; undefined when we did so nowhere. */
  withTheirs: KeyDraft | undefined;
};

/** Returns the draft `mine`, begun from `base`, upon `theirs`: what was typed stays, what was not touched is renewed. */
export function rebaseDraft(base: KeyDraft, mine: KeyDraft, theirs: KeyDraft): Rebased {
  const touched = PARTS.filter((part) => read(mine, part) !== read(base, part));
  const disputed = touched.filter(
    (part) => read(theirs, part) !== read(base, part) && read(theirs, part) !== read(mine, part),
  );
  const settled = touched.filter((part) => !disputed.includes(part));
  const onTop = (parts: readonly Part[]) =>
    Object.assign({ ...theirs }, ...parts.map((part) => take(mine, part)));
  return { draft: onTop(touched), withTheirs: disputed.length > 0 ? onTop(settled) : undefined };
}
