/** Someone with an account. */
export type Person = { id: string; name: string; email: string; hasTotp: boolean };

/** A person signed in at one browser. Times are epoch milliseconds. */
export type Session = {
  id: string;
  person: Person;
  createdAt: number;
  expiresAt: number;
  /** Until when the password counts as just given; null when it was not given since signing in. */
  steppedUpUntil: number | null;
};
