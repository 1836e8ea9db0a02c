import type { Clock } from '../lib/clock.ts';
import { isForwardedNetwork } from '../lib/ip.ts';
import type { CallerType } from './policies.ts';

/**
 * Who sends a body: with a key that is in every install of an app, with a credential that only its owner has, or without
 * one. `unverified`: the key is in the body, so it is not known yet. `callerId` is the key or person, `network` what limits per address count by.
 */
export type BodySender = {
  kind: 'client' | 'trusted' | 'anonymous' | 'unverified';
  callerId: string | undefined;
  network: string;
};

/** Returns the kind of an authenticated sender. */
export const kindOfSender = (type: CallerType): 'client' | 'trusted' =>
  type === 'server' || type === 'member' ? 'trusted' : 'client';

/** What a body was refused for: the bytes of one caller, one address, one kind of sender, or all together. */
export type FullShare = 'caller' | 'address' | 'kind' | 'total';

/** Bytes held for one body. */
export type BodyReservation = {
  /** Holds at least `bytes` from now on. Returns false, and holds what it held before, if there is no room or it is released. */
  grow(bytes: number): boolean;
  /** Counts for no address any more, until it is moved. Call it once few others can do the same: there is no bound per address then. */
  leaveAddress(): void;
  /** Moves the bytes to the shares of another sender. Returns false, and changes nothing, if there is no room or it is released. */
  moveTo(sender: BodySender): boolean;
  /** Calling it again does nothing. */
  release(): void;
};

/** The memory for request bodies, from the first byte until their request is answered. */
export type BodyBudget = {
  /** Holds bytes for a body before it is read; undefined, and counted, if there is no room. */
  reserve(sender: BodySender, bytes: number): BodyReservation | undefined;
  /**
   * Counts what a decoder and its output need, in no share: how many decoders run is bounded already, so nothing is refused.
   * Returns what releases it; calling that again does nothing.
   */
  countDecoder(bytes: number): () => void;
  /** Whether bodies of one kind of sender use more than three quarters of its share. */
  isCrowded(kind: BodySender['kind']): boolean;
  /** Returns a sentence while bodies are refused, unless only single addresses send too much. */
  findProblem(): string | undefined;
  bytesInFlight(): number;
  /** Bodies refused since startup, by what was full. */
  totals(): Readonly<Record<FullShare, number>>;
};

type Shares = { kind: number; caller: number; address: number };

const MEBIBYTE = 1024 * 1024;

/** Bytes of all request bodies in flight, compressed or not, whichever is more. Decoders have theirs beside it. */
export const BODY_BYTES_TOTAL_MAX = 256 * MEBIBYTE;

const UNLIMITED = Number.POSITIVE_INFINITY;

/**
 * What each may hold of it. Every install of an app sends with the same key, so a client key has almost half. One address
 * has an eighth, and a fifth of what is not verified yet: extracting the key from an app is not enough to keep the others
 * from sending. Whatever client keys and requests without a verified key do, a quarter is left for backends and the dashboard.
 */
export const BODY_SHARES: Readonly<Record<BodySender['kind'], Shares>> = {
  client: { kind: 128 * MEBIBYTE, caller: 120 * MEBIBYTE, address: 32 * MEBIBYTE },
  anonymous: { kind: 8 * MEBIBYTE, caller: UNLIMITED, address: 4 * MEBIBYTE },
  // As received: what a body is decompressed to counts for its kind, so that an address may have many phones behind it.
  unverified: { kind: 56 * MEBIBYTE, caller: UNLIMITED, address: 11 * MEBIBYTE },
  trusted: { kind: UNLIMITED, caller: 128 * MEBIBYTE, address: UNLIMITED },
};

const CROWDED_FROM = 0.75;

/** How long after a refusal the warning stays. */
const WARNING_MS = 10_000;

const WARNING =
  'Request bodies are being refused with 503, because a memory limit was reached. ' +
  'appflow_bodies_refused_total shows which one.';

/** What one address, caller, kind of sender or the server holds. It is in `siblings` while it has a body in flight. */
type Account = {
  full: FullShare;
  bytesMax: number;
  usedBytes: number;
  bodies: number;
  /** Undefined for accounts that are always there. */
  siblings: Accounts | undefined;
  id: string;
};

type Accounts = Map<string, Account>;

/** The accounts of one kind of sender, apart from those of other kinds. */
type AccountsOfKind = { own: Account; addresses: Accounts; callers: Accounts };

function createAccount(full: FullShare, bytesMax: number, siblings?: Accounts, id = ''): Account {
  return { full, bytesMax, usedBytes: 0, bodies: 0, siblings, id };
}

const createAccounts = (kind: BodySender['kind']): AccountsOfKind => ({
  own: createAccount('kind', BODY_SHARES[kind].kind),
  addresses: new Map(),
  callers: new Map(),
});

const createAllAccounts = () => ({
  client: createAccounts('client'),
  anonymous: createAccounts('anonymous'),
  unverified: createAccounts('unverified'),
  trusted: createAccounts('trusted'),
});

function findAccount(siblings: Accounts, id: string, full: FullShare, bytesMax: number): Account {
  return siblings.get(id) ?? createAccount(full, bytesMax, siblings, id);
}

function enterBody(accounts: readonly Account[]): void {
  for (const account of accounts) {
    account.bodies += 1;
    if (account.bodies === 1) account.siblings?.set(account.id, account);
  }
}

function leaveBody(accounts: readonly Account[]): void {
  for (const account of accounts) {
    account.bodies -= 1;
    if (account.bodies === 0) account.siblings?.delete(account.id);
  }
}

function addBytes(accounts: readonly Account[], bytes: number): void {
  for (const account of accounts) account.usedBytes += bytes;
}

type Room = {
  listAccounts: (sender: BodySender) => Account[];
  hasRoom: (accounts: readonly Account[], bytes: number) => boolean;
};

/** Returns the reservation of a body whose accounts have room for it. */
function hold(first: Account[], bytes: number, { listAccounts, hasRoom }: Room): BodyReservation {
  let accounts = first;
  let held = bytes;
  let isReleased = false;
  enterBody(accounts);
  addBytes(accounts, held);
  return {
    grow(needed) {
      if (isReleased) return false;
      if (needed <= held) return true;
      if (!hasRoom(accounts, needed - held)) return false;
      addBytes(accounts, needed - held);
      held = needed;
      return true;
    },
    leaveAddress() {
      if (isReleased) return;
      const left = accounts.filter(({ full }) => full === 'address');
      addBytes(left, -held);
      leaveBody(left);
      accounts = accounts.filter(({ full }) => full !== 'address');
    },
    moveTo(sender) {
      if (isReleased) return false;
      // Out first, or the total would count it twice.
      addBytes(accounts, -held);
      const next = listAccounts(sender);
      const fits = hasRoom(next, held);
      addBytes(fits ? next : accounts, held);
      if (!fits) return false;
      leaveBody(accounts);
      enterBody(next);
      accounts = next;
      return true;
    },
    release() {
      if (isReleased) return;
      isReleased = true;
      addBytes(accounts, -held);
      leaveBody(accounts);
    },
  };
}

/**
 * Returns the budget of one process, unused. An address or a key takes memory only while it has a body in flight.
 * `onRefused` is called for each body that has no room.
 */
export function createBodyBudget(
  clock: Clock,
  onRefused?: (refused: { full: FullShare }) => void,
): BodyBudget {
  const byKind = createAllAccounts();
  const total = createAccount('total', BODY_BYTES_TOTAL_MAX);
  const totals = { caller: 0, address: 0, kind: 0, total: 0 };
  let decoderBytes = 0;
  let lastRefusedAt = Number.NEGATIVE_INFINITY;

  /**
   * Returns the accounts a body counts for, the narrowest first: it is the one that a refusal names. An unconfigured
   * proxy has no share of its own: a few slow callers behind it would use it up for all of them.
   */
  function listAccounts({ kind, callerId, network }: BodySender): Account[] {
    const shares = BODY_SHARES[kind];
    const { own, addresses, callers } = byKind[kind];
    const accounts: Account[] = [];
    if (shares.address !== UNLIMITED && !isForwardedNetwork(network))
      accounts.push(findAccount(addresses, network, 'address', shares.address));
    if (callerId !== undefined) accounts.push(findAccount(callers, callerId, 'caller', shares.caller));
    accounts.push(own, total);
    return accounts;
  }

  function hasRoom(accounts: readonly Account[], bytes: number): boolean {
    const full = accounts.find(({ usedBytes, bytesMax }) => usedBytes + bytes > bytesMax)?.full;
    if (full === undefined) return true;
    totals[full] += 1;
    onRefused?.({ full });
    if (full !== 'address') lastRefusedAt = clock.now();
    return false;
  }

  return {
    reserve(sender, bytes) {
      const accounts = listAccounts(sender);
      return hasRoom(accounts, bytes) ? hold(accounts, bytes, { listAccounts, hasRoom }) : undefined;
    },
    countDecoder(bytes) {
      let counted = bytes;
      decoderBytes += counted;
      return () => {
        decoderBytes -= counted;
        counted = 0;
      };
    },
    isCrowded: (kind) => byKind[kind].own.usedBytes > BODY_SHARES[kind].kind * CROWDED_FROM,
    findProblem: () => (clock.now() - lastRefusedAt < WARNING_MS ? WARNING : undefined),
    bytesInFlight: () => total.usedBytes + decoderBytes,
    totals: () => totals,
  };
}
