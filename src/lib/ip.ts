import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: an address and how many of its leading bits count. */
export type Cidr = readonly [Address, number];

const BITS: Record<'ipv4' | 'ipv6', number> = { ipv4: 32, ipv6: 128 };

/** Returns the canonical text of an address, IPv4-mapped IPv6 folded to IPv4; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : undefined;
}

/** Returns the network that `text` names: an address or `address/bits`, v4 or v6. Undefined when it names none. */
export function parseCidr(text: string): Cidr | undefined {
  try {
    if (text.includes('/')) return foldMapped(ipaddr.parseCIDR(text));
    if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
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

/** Returns the networks in `texts` and, apart, what of them is none. */
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

/** Whether `address` (canonical text) lies in one of the networks. */
export function isInCidrs(address: string, cidrs: readonly Cidr[]): boolean {
  const parsed = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
  return parsed !== undefined && cidrs.some(([network, bits]) => isInCidr(parsed, network, bits));
}

function isInCidr(address: Address, network: Address, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** Whether network `inner` lies wholly within network `outer`. */
export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner[1] >= outer[1] && isInCidr(inner[0], outer[0], outer[1]);
}
