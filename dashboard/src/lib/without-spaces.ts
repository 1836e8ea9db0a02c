/** Returns a code without spaces: authenticator apps show `123 456`. */
export const withoutSpaces = (code: string) => code.replaceAll(/\s/g, '');
