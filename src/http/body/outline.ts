import { ApiError } from '../../api/errors.ts';
import { EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';

/** What a scan accepts. */
export type OutlineBounds = {
  /** Elements of one list; by default as many as events in a batch of ours. */
  listItemsMax?: number | undefined;
  /** Whether an element with too many values or levels is only marked, so that it does not cost those beside it. */
  isLenient?: boolean | undefined;
};

/** Elements of one list in a large body, unless a scan has another bound: as many as events in a batch. */
export const LIST_ITEMS_MAX = EVENTS_PER_BATCH_MAX;

/** Values in one element of such a list, and in everything outside of these lists. An event of 32 KB has fewer. */
export const ITEM_VALUES_MAX = 32_768;

/** Levels of nested lists and objects in a large body. */
export const DEPTH_MAX = 64;

/** Values in a whole large body: more than 1,000 events with 200 nested properties each have. */
export const BODY_VALUES_MAX = 1_048_576;

/**
 * Where the lists of a JSON text are, found by a linear scan that creates nothing: one array for each list that is a
 * member of the outermost object, or for the outermost list. It holds the positions of the opening bracket, of each comma
 * and of the closing bracket, so that each element is what lies between two of them. `unreadable` has the first of the two
 * for each element that must not be parsed.
 */
export type Outline = { lists: number[][]; unreadable: Set<number> };

/** A scan that goes on where it was interrupted. */
export type OutlineScan = Outline & {
  listItemsMax: number;
  isLenient: boolean;
  at: number;
  depth: number;
  /** The depth of the lists that are split; deeper ones belong to their element. */
  listDepth: number;
  isInText: boolean;
  /** The list that the position is in. */
  list: number[] | undefined;
  /** Whether the element that the position is in is unreadable: only its end matters. */
  isSkipping: boolean;
  itemValues: number;
  otherValues: number;
  bodyValues: number;
};

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LIST_OPEN, LIST_CLOSE, OBJECT_CLOSE] = [0x5b, 0x5d, 0x7d];

/** 1 for the bytes that matter outside of texts, so that all others cost one look-up. */
const IS_STRUCTURE = Uint8Array.from({ length: 256 }, (_, byte) =>
  /["[\]{},]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** Where the members of the outermost object are. */
const MEMBER_DEPTH = 2;

/** Returns a scan that is at the start of a body. */
export function startScan({
  listItemsMax = LIST_ITEMS_MAX,
  isLenient = false,
}: OutlineBounds = {}): OutlineScan {
  const outline = { lists: [], unreadable: new Set<number>() };
  const place = {
    at: 0,
    depth: 0,
    listDepth: MEMBER_DEPTH,
    isInText: false,
    list: undefined,
    isSkipping: false,
  };
  const counts = { itemValues: 0, otherValues: 0, bodyValues: 0 };
  return { ...outline, listItemsMax, isLenient, ...place, ...counts };
}

/**
 * Scans up to `end`. Counts values by their commas and opening brackets. Throws 413 as soon as there are too many, unless it is lenient. Does
 * not check the JSON: `JSON.parse` does, of each part.
 */
export function scanOutline(scan: OutlineScan, bytes: Buffer, end: number): void {
  while (scan.at < end) {
    if (scan.isInText) skipText(scan, bytes, end);
    else scanStructure(scan, bytes, end);
  }
}

/** Goes on behind the quote that ends the text, or to `end`. */
function skipText(scan: OutlineScan, bytes: Buffer, end: number): void {
  let { at } = scan;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  scan.isInText = at >= end;
  scan.at = scan.isInText ? at : at + 1;
}

/** Goes on behind the quote that starts the next text, or to `end`. */
function scanStructure(scan: OutlineScan, bytes: Buffer, end: number): void {
  let { at } = scan;
  while (at < end && !scan.isInText) {
    const byte = bytes[at] ?? 0;
    if (IS_STRUCTURE[byte] === 1) countStructure(scan, byte, at);
    at += 1;
  }
  scan.at = at;
}

function countStructure(scan: OutlineScan, byte: number, at: number): void {
  if (byte === QUOTE) {
    scan.isInText = true;
  } else if (byte === LIST_CLOSE || byte === OBJECT_CLOSE) {
    close(scan, at);
  } else {
    if (byte === COMMA) endItem(scan, at);
    countValue(scan);
    if (byte !== COMMA) open(scan, byte, at);
  }
}

function countValue(scan: OutlineScan): void {
  if (scan.isSkipping) return;
  scan.bodyValues += 1;
  if (scan.list) scan.itemValues += 1;
  else scan.otherValues += 1;
  if (scan.itemValues <= ITEM_VALUES_MAX && scan.otherValues <= ITEM_VALUES_MAX) {
    if (scan.bodyValues <= BODY_VALUES_MAX) return;
    throw tooMany(`The body has more than ${BODY_VALUES_MAX} values. Halve the batch.`);
  }
  const holder = scan.list ? `Element ${scan.list.length - 1} of a list` : 'The body outside of its lists';
  skipItem(scan, `${holder} has more than ${ITEM_VALUES_MAX} values. Send fewer.`);
}

/** Marks the element that the position is in. Throws if that is not enough. Its values are never created, so they do not count. */
function skipItem(scan: OutlineScan, detail: string): void {
  const start = scan.list?.at(-1);
  if (!scan.isLenient || start === undefined) throw tooMany(detail);
  scan.unreadable.add(start);
  scan.isSkipping = true;
  scan.bodyValues -= scan.itemValues;
}

function open(scan: OutlineScan, byte: number, at: number): void {
  scan.depth += 1;
  if (scan.depth > DEPTH_MAX && !scan.isSkipping)
    skipItem(scan, `The body is nested deeper than ${DEPTH_MAX} levels.`);
  if (byte !== LIST_OPEN) return;
  if (scan.depth < MEMBER_DEPTH) scan.listDepth = scan.depth;
  if (scan.depth !== scan.listDepth) return;
  scan.list = [at];
  scan.lists.push(scan.list);
  startItem(scan);
}

function startItem(scan: OutlineScan): void {
  scan.itemValues = 0;
  scan.isSkipping = false;
}

function close(scan: OutlineScan, at: number): void {
  if (scan.depth === scan.listDepth && scan.list) {
    scan.list.push(at);
    scan.list = undefined;
    startItem(scan);
  }
  scan.depth -= 1;
}

function endItem(scan: OutlineScan, at: number): void {
  if (scan.depth !== scan.listDepth || !scan.list) return;
  scan.list.push(at);
  startItem(scan);
  if (scan.list.length <= scan.listItemsMax) return;
  throw tooMany(
    `A list of the body has more than ${scan.listItemsMax} elements, the most a batch can have. Halve it.`,
  );
}

const tooMany = (detail: string) => new ApiError('payload_too_large', { detail });
