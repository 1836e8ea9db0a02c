import { type ControlTransaction, NO_CALLER, type Recheck } from '../control/control.ts';
import type { ApiKey, KeySecret } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import type { KeyType, Role, Scope } from '../directory/scopes.ts';

/** What verbs need to know about a caller, the same for keys and for members of the project. */
export type Principal = Omit<KeyPermissions, 'type'> & {
  id: string;
  projectId: string;
  type: KeyType | 'member';
};

/** Who a change is made for: their name in the audit log, and their recheck, which runs inside each of the writes. */
export type Requester = { actor: Actor; recheck: Recheck };

type RequestSource = {
  /** The client's IP address, in canonical form. */
  address: string;
  /** What limits per address count by, see `ClientAddress`. */
  network: string;
  actor: Actor;
};

/** A caller in a project: a key or a member. */
export type Caller = RequestSource & {
  principal: Principal;
  project: Project;
  /**
   * Returns what the caller may do as the transaction sees it. Throws the 401, 403 or 404 that the same request would get
   * now.
   */
  recheck: (tx: ControlTransaction) => Promise<Principal>;
};

/** A verified key, and the secret of it that was presented. */
export type KeyCaller = Caller & { key: ApiKey; secret: KeySecret };

type SessionHolder = RequestSource & {
  session: Session;
  /** The URL of the dashboard as the browser reaches it, without a trailing slash. */
  siteUrl: string;
};

/** A person with a valid session, in no project. */
export type SignedIn = SessionHolder & Requester;

/** A person with a valid session, as a member of the project. */
export type MemberCaller = Caller & SessionHolder & { role: Role };

/** What a key may do: the part of it that is compared when one key creates another. */
export type KeyPermissions = Pick<ApiKey, 'type' | 'appIds' | 'expiresAt' | 'ipAllowlist' | 'rateLimits'> & {
  granted: ReadonlySet<Scope>;
};

/** Who did something: a key, a person, the operator at the command line, or the server. Part of every audit entry. */
export type Actor = {
  type: 'key' | 'member' | 'cli' | 'system';
  /** The ID of a key or person, `cli`, or the name of a part of the server. */
  id: string;
  /** The client's IP address; null for the command line and the server. */
  ip: string | null;
  requestId: string | null;
};

/** The server itself, as the actor of what it does without a request. `part` names which part of it. */
export function systemActor(part: string): Actor {
  return { type: 'system', id: part, ip: null, requestId: null };
}

/** The operator at the command line: anyone with access to the data folder. */
export const CLI_ACTOR: Actor = { type: 'cli', id: 'cli', ip: null, requestId: null };

/** The operator as requester: nothing to recheck. */
export const CLI_REQUESTER: Requester = { actor: CLI_ACTOR, recheck: NO_CALLER };

/** A person with an account. */
export type Person = { id: string; name: string; email: string; hasTotp: boolean };

/** A person's sign-in in one browser. Times are epoch milliseconds. */
export type Session = {
  id: string;
  person: Person;
  createdAt: number;
  expiresAt: number;
  /** Until when the step-up lasts; null if there was none in this session. */
  steppedUpUntil: number | null;
};
