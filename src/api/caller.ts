import type { Transaction } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';
import type { ApiKey, KeySecret } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import type { KeyType, Scope } from '../directory/scopes.ts';

/** What the verbs ask about whoever calls, the same of a key and of a member of the project. */
export type Principal = Omit<KeyPermissions, 'type'> & {
  id: string;
  projectId: string;
  type: KeyType | 'member';
};

type RequestSource = {
  address: string;
  /** What limits per address count by; undefined when they must not, see `CallerAddress`. */
  network: string | undefined;
  /** How the audit log names who is calling. */
  actor: Actor;
};

/** Who is calling, in which project: a key or a member. */
export type Caller = RequestSource & { principal: Principal; project: Project };

/** A caller that can change between two reads of the database. */
type Rereadable = {
  /**
   * Returns what the caller may do as the transaction sees it. Throws the 401 or 403 that it would now get, or 404 for a
   * person who is no longer a member.
   */
  readAgain: (tx: Transaction<ControlSchema>) => Promise<Principal>;
};

/** A verified key, and which of its secrets was shown. */
export type KeyCaller = Caller & Rereadable & { key: ApiKey; secret: KeySecret };

/** A person with a living session, in no project. `siteUrl` is where its browser finds us, without a slash at the end. */
export type SignedIn = RequestSource & { session: Session; siteUrl: string };

/** A person with a living session, as a member of the project. */
export type MemberCaller = Caller & Rereadable & SignedIn;

/** What a key could do: the part of it that is compared when one key makes another. */
export type KeyPermissions = Pick<ApiKey, 'type' | 'appIds' | 'expiresAt' | 'ipAllowlist' | 'rateLimits'> & {
  granted: ReadonlySet<Scope>;
};

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
