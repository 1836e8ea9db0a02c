/** Who did something: a key, a person, the operator at the command line, or the server itself. Part of every audit entry. */
export type Actor = {
  type: 'key' | 'member' | 'cli' | 'system';
  /** A key id, a person's id, `cli`, or which part of the server. */
  id: string;
  /** The address it came from; null when it came from the machine itself. */
  ip: string | null;
  requestId: string | null;
};

/** The operator at the command line: whoever can open the data folder. */
export const CLI_ACTOR: Actor = { type: 'cli', id: 'cli', ip: null, requestId: null };
