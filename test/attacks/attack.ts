/** A running server as an attacker sees it, with everything that someone outside may hold. */
export type Target = {
  /** `http://127.0.0.1:PORT`, of the server itself or of a proxy in front of it. */
  url: string;
  /** The public client key that every installed app holds. */
  clientKey: string;
  /** A read-only key. */
  readKey: string;
  /** A server key that may read events. */
  serverKey: string;
  appId: string;
  /** A member whose password the attacker knows; a second factor is on. */
  person: { email: string; password: string };
};

/**
 * An attack that worked once. It runs until the signal fires, closes what it opened, and resolves with a line that
 * says what it did and what it got (connections, requests, status codes). It never throws for being refused.
 */
export type Attack = { name: string; run: (target: Target, signal: AbortSignal) => Promise<string> };
