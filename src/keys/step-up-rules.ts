// Imported by the dashboard too, which asks for the password before it sends the request: nothing here may import a library.

/** Fields of a key that grant nothing: everyone who may change keys changes them without a password. */
const HARMLESS_FIELDS: readonly string[] = ['name', 'metadata'];

/**
 * Whether a member needs a recent password to create, restore or get a secret of a key of this type. A server key can
 * have every permission in its project, and a read-only key reveals its data. A client key only sends events, and is
 * public: it is in every install of an app.
 */
export const isGuardedType = (type: string): boolean => type === 'server' || type === 'read_only';

/**
 * Whether a member needs a recent password for this change to a key: anything that says what a server or read-only
 * key may do, and enabling it. Disabling it must work immediately. Narrowing counts like widening: the difference depends on the key as
 * stored, which another request may change meanwhile.
 */
export function isGuardedChange(type: string, change: object): boolean {
  return isGuardedType(type) && Object.entries(change).some(([field, value]) => isGuarded(field, value));
}

const isGuarded = (field: string, value: unknown) =>
  field === 'disabled' ? value !== true : !HARMLESS_FIELDS.includes(field);
