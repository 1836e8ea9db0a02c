/** What the person is about to do with one key. */
export type KeyIntent = { verb: 'rotate' | 'revoke'; keyId: string };
