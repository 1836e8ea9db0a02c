const RANDOM_LENGTH = 16;

/** Returns a new id of 25 letters and digits: the time, so that ids sort by it, and 80 random bits, so that none meet. */
export function makeId(nowMs: number): string {
  let text = Math.floor(nowMs).toString(36).padStart(9, '0');
  for (const byte of randomBytes()) text += (byte % 32).toString(32);
  return text;
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(RANDOM_LENGTH);
  // React Native has no crypto unless the app brings one.
  return globalThis.crypto?.getRandomValues?.(bytes) ?? bytes.map(() => Math.random() * 256);
}
