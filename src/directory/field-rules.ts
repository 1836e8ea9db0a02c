// Plain constants that the dashboard imports too: nothing here may import a library.

/** The name of a project, app, key or person: JSON Schema keywords. A name of only white space is none. */
export const NAME_RULES = { minLength: 1, maxLength: 100, pattern: '\\S' } as const;

/** Minimum and maximum characters of a bundle ID. */
export const BUNDLE_ID_LENGTH = { minLength: 1, maxLength: 200 } as const;
