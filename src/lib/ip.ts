import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: an address and the length of its prefix in bits. */
export type Cidr = readonly [Address, number];

const BITS: Record<'ipv4' | 'ipv6', number> = { ipv4: 32, ipv6: 128 };

/** Returns the canonical text of an address, with IPv4-mapped IPv6 folded to IPv4; undefined if it is invalid. */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

function parseAddress(text: string): Address | undefined {
  const exact = withoutDeprecatedForm(text);
  return ipaddr.isValid(exact) ? ipaddr.process(exact) : undefined;
}

/** The library takes `::1.2.3.4` for `::ffff:1.2.3.4`. It is another address, ::102:304 (RFC 4291 §2.5.5). */
function withoutDeprecatedForm(text: string): string {
  return /^::\d+\./.test(text) ? `0${text}` : text;
}

/**
 * Parses a network: an address or `address/bits`, v4 or v6. Returns undefined if it is invalid, or has a zone such as
 * `%eth0`, which would not be compared.
 */
export function parseCidr(given: string): Cidr | undefined {
  try {
    const text = withoutDeprecatedForm(given);
    const [base = ''] = text.split('/', 1);
    if (base.includes('%')) return undefined;
    // The library parses `10/8` as 0.0.0.10/8 and `010.0.0.1` as octal, which is never what was meant.
    if (!ipaddr.IPv4.isValidFourPartDecimal(base) && !ipaddr.IPv6.isValid(base)) return undefined;
    if (base !== text) return foldMapped(ipaddr.parseCIDR(text));
    const address = ipaddr.process(text);
    return [address, BITS[address.kind()]];
  } catch {
    return undefined;
  }
}

/** `::ffff:10.0.0.0/104` means `10.0.0.0/8`: callers' addresses are folded, so networks must be too. */
function foldMapped([address, bits]: [Address, number]): Cidr {
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress();
  return isMapped && bits >= 96 ? [address.toIPv4Address(), bits - 96] : [address, bits];
}

/** Returns what counts as one caller: the IPv4 address, or the /64 of an IPv6 address, all of which one subscriber can use. */
export function callerNetwork(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString()}/64`;
}

const FORWARDED = 'forwarded by ';

/**
 * Returns what counts as one caller when an unconfigured proxy forwards requests: all its callers together, since their
 * addresses are unknown. Limits per address are then larger, see `isForwardedNetwork`.
 */
export const forwardedNetwork = (proxy: string): string => `${FORWARDED}${callerNetwork(proxy)}`;

/** Whether a network stands for all callers of an unconfigured proxy. */
export const isForwardedNetwork = (network: string): boolean => network.startsWith(FORWARDED);

/** Returns the networks in `texts`, and separately the texts that are invalid. */
export function parseCidrs(texts: readonly string[]): { cidrs: Cidr[]; mistakes: string[] } {
  const cidrs: Cidr[] = [];
  const mistakes: string[] = [];
  for (const text of texts) {
    const cidr = parseCidr(text.trim());
    if (cidr) cidrs.push(cidr);
    else mistakes.push(text.trim());
  }
  return { cidrs, mistakes };
}

/** Whether `address` (canonical text) is in one of the networks. */
export function isInCidrs(address: string, cidrs: readonly Cidr[]): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && cidrs.some(([network, bits]) => isInCidr(parsed, network, bits));
}

function isInCidr(address: Address, network: Address, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** Whether network `inner` is entirely within network `outer`. */
export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner[1] >= outer[1] && isInCidr(inner[0], outer[0], outer[1]);
}
