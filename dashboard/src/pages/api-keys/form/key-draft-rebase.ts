import type { KeyDraft } from './key-draft.ts';

/** The parts of a key that change independently. The two fields of the expiry belong together. */
const PARTS = [
  ['name'],
  ['scopes'],
  ['appIds'],
  ['expiry', 'expiryDate'],
  ['addresses'],
  ['origins'],
  ['bundleIds'],
  ['allowedSdks'],
  ['rateLimits'],
] as const satisfies readonly (readonly (keyof KeyDraft)[])[];

type Part = (typeof PARTS)[number];

const readPart = (draft: KeyDraft, part: Part) => JSON.stringify(part.map((field) => draft[field]));

const takePart = (draft: KeyDraft, part: Part): Partial<KeyDraft> =>
  Object.fromEntries(part.map((field) => [field, draft[field]]));

/** A draft merged with someone else's changes to the key. */
export type Rebased = {
  /** My value for every part I edited, theirs for the rest. */
  draft: KeyDraft;
  /** The same, but with their value where both edited a part; undefined without such conflicts. */
  withTheirs: KeyDraft | undefined;
};

/** Returns the draft `mine`, started from `base`, merged with `theirs`: edited parts stay, all others are updated. */
export function rebaseDraft(base: KeyDraft, mine: KeyDraft, theirs: KeyDraft): Rebased {
  const edited = PARTS.filter((part) => readPart(mine, part) !== readPart(base, part));
  const conflicting = edited.filter(
    (part) =>
      readPart(theirs, part) !== readPart(base, part) && readPart(theirs, part) !== readPart(mine, part),
  );
  const agreed = edited.filter((part) => !conflicting.includes(part));
  const applyMine = (parts: readonly Part[]) =>
    Object.assign({ ...theirs }, ...parts.map((part) => takePart(mine, part)));
  return { draft: applyMine(edited), withTheirs: conflicting.length > 0 ? applyMine(agreed) : undefined };
}
