import type { People } from './people.ts';

/** Returns what encrypts and decrypts second factors: the twoFactor plugin's own encryption, with its own keys. */
export async function loadTotpCipher({ people }: { people: People }) {
  const { secretConfig: key } = await (await people.auth()).$context;
  const { symmetricDecrypt, symmetricEncrypt } = await import('better-auth/crypto');
  return {
    encrypt: (data: string) => symmetricEncrypt({ key, data }),
    decrypt: (data: string) => symmetricDecrypt({ key, data }),
  };
}
