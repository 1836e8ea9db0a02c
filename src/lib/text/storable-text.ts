/**
 * Returns a text that every database can store: half a character (a lone surrogate) and U+0000, which PostgreSQL refuses,
 * are replaced by U+FFFD.
 */
export const toStorableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
