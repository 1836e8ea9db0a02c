/**
 * Whether a migration, by its name, only adds what releases without it can ignore: they can use migrated stores. The name is all that a release
 * knows about a migration of a newer one. Columns that it adds are nullable or have a default.
 */
export const isAdditive = (migration: string): boolean => /-additive(\.sql)?$/.test(migration);
