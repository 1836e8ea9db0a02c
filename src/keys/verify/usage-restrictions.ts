import type { ErrorCode } from '../../api/error-codes.ts';
import type { CorsRule } from '../../api/route.ts';
import type { ApiKey } from '../../directory/key.ts';
import { type Cidr, isInCidrs, parseCidrs } from '../../lib/ip.ts';

/** Where a request comes from, and its route's CORS rule. `origin` is the header; only browsers send it. */
export type RequestOrigin = { address: string; origin: string | undefined; cors: CorsRule };

/** Why a key's usage restrictions reject a request. */
export type UsageRefusal = Extract<
  ErrorCode,
  'ip_not_allowed' | 'secret_key_in_browser' | 'origin_not_allowed'
>;

/** Returns why the key's usage restrictions reject this origin; undefined if they allow it. Does not check scopes. */
export function findUsageRefusal(
  key: ApiKey,
  { address, origin, cors }: RequestOrigin,
): UsageRefusal | undefined {
  if (!isAddressAllowed(key, address)) return 'ip_not_allowed';
  if (origin === undefined || key.type === 'client') return undefined;
  if (key.type === 'server') return 'secret_key_in_browser';
  return cors === 'key_origins' && key.allowedOrigins.includes(origin) ? undefined : 'origin_not_allowed';
}

function isAddressAllowed({ ipAllowlist }: ApiKey, address: string): boolean {
  return ipAllowlist.length === 0 || isInCidrs(address, networksOf(ipAllowlist));
}

/** Keyed by the list itself: a changed key has another list, and entries of dropped keys are garbage-collected. */
const networks = new WeakMap<readonly string[], readonly Cidr[]>();

/** Parsed once per list: every request needs it, and parsing a hundred networks takes a millisecond. */
function networksOf(ipAllowlist: readonly string[]): readonly Cidr[] {
  const known = networks.get(ipAllowlist);
  if (known) return known;
  const { cidrs } = parseCidrs(ipAllowlist);
  networks.set(ipAllowlist, cidrs);
  return cidrs;
}
