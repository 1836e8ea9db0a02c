/** The parameters of better-auth 1.7, whose stored passwords stay valid: about 50 ms and 32 MB for each key. */
export const SCRYPT = { N: 16_384, r: 16, p: 1, maxmem: 64 * 1_024 * 1_024 } as const;

/** Bytes of a derived key. */
export const SCRYPT_KEY_BYTES = 64;
