const RANDOM_LENGTH = 16;

/** Returns a new ID of 25 letters and digits: the time, so IDs sort by it, then 80 random bits, so they never collide. */
export function createId(nowMs: number): string {
  let text = Math.floor(nowMs).toString(36).padStart(9, '0');
  for (const byte of randomBytes()) text += (byte % 32).toString(32);
  return text;
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(RANDOM_LENGTH);
  // React Native has no crypto unless the app adds a polyfill.
  return globalThis.crypto?.getRandomValues?.(bytes) ?? bytes.map(() => Math.random() * 256);
}
