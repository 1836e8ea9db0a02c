import { withRoom } from './row-index.ts';

/**
 * Texts by number, in bytes outside V8's heap: a million strings would take half as much again, leave as much garbage, and
 * be visited by each full collection. Numbers are whole, from 0 up.
 */
export type TextStore = {
  /** Stores a text in place of the one with this number. What `JSON.stringify` returns comes back as it was. */
  set: (number: number, text: string) => void;
  /** Returns the text with this number, which must have been stored. */
  get: (number: number) => string;
  /** Whether the text with this number starts with this ASCII text. */
  startsWith: (number: number, ascii: string) => boolean;
  /** Returns how many bytes the store takes. */
  countBytes: () => number;
};

type Page = { bytes: Buffer; used: number; live: number };

type State = {
  /** One more than the highest number stored. */
  count: number;
  readonly pageBytes: number;
  readonly pages: Page[];
  /** Numbers of pages without bytes, to be used again. */
  readonly freed: number[];
  current: number;
  /** Where the header of each text is: the number of its page times `pageBytes`, plus the place in the page. */
  positions: Float64Array;
};

/** Moving what is left in a page takes a millisecond or two. */
const PAGE_BYTES = 1024 * 1024;
/** Before each text are its number and its length in bytes. */
const HEADER_BYTES = 8;
const NO_BYTES = Buffer.alloc(0);

/** Returns an empty store. A page of `pageBytes` is freed when less than half of it is in use; tests take smaller ones. */
export function createTextStore(pageBytes = PAGE_BYTES): TextStore {
  const state: State = {
    count: 0,
    pageBytes,
    pages: [],
    freed: [],
    current: -1,
    positions: new Float64Array(0),
  };
  return {
    set(number, text) {
      const before = number < state.count ? state.positions[number] : undefined;
      const page = state.current;
      state.count = Math.max(state.count, number + 1);
      state.positions = withRoom(state.positions, state.count);
      const { bytes, from } = append(state, number, Buffer.byteLength(text));
      bytes.write(text, from);
      if (before !== undefined) release(state, before);
      // It may have emptied while it was the current one.
      if (page >= 0) compact(state, page);
    },
    get(number) {
      const { bytes, from, length } = find(state, number);
      return bytes.toString('utf8', from, from + length);
    },
    startsWith(number, ascii) {
      const { bytes, from, length } = find(state, number);
      if (ascii.length > length) return false;
      for (let at = 0; at < ascii.length; at += 1)
        if (bytes[from + at] !== ascii.charCodeAt(at)) return false;
      return true;
    },
    countBytes: () =>
      state.positions.byteLength + state.pages.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
}

const pageOf = ({ pageBytes }: State, position: number) => Math.floor(position / pageBytes);

function getPage({ pages }: State, index: number): Page {
  const page = pages[index];
  if (page === undefined) throw new Error(`There is no page ${index}.`);
  return page;
}

function find(state: State, number: number): { bytes: Buffer; from: number; length: number } {
  if (number >= state.count) throw new Error(`There is no text ${number}.`);
  const position = state.positions[number] ?? 0;
  const at = position % state.pageBytes;
  const { bytes } = getPage(state, pageOf(state, position));
  return { bytes, from: at + HEADER_BYTES, length: bytes.readUInt32LE(at + 4) };
}

/** Returns where to write the text with this number, after a header. */
function append(state: State, number: number, length: number): { bytes: Buffer; from: number } {
  const size = HEADER_BYTES + length;
  const open = state.pages[state.current];
  if (open === undefined || open.used + size > open.bytes.length) openPage(state, size);
  const page = getPage(state, state.current);
  const at = page.used;
  page.bytes.writeUInt32LE(number, at);
  page.bytes.writeUInt32LE(length, at + 4);
  page.used += size;
  page.live += size;
  state.positions[number] = state.current * state.pageBytes + at;
  return { bytes: page.bytes, from: at + HEADER_BYTES };
}

/** A text that is longer than a page gets a page of its own, in which it starts at 0. */
function openPage(state: State, size: number): void {
  const page = { bytes: Buffer.allocUnsafeSlow(Math.max(size, state.pageBytes)), used: 0, live: 0 };
  state.current = state.freed.pop() ?? state.pages.length;
  state.pages[state.current] = page;
}

/** Gives up the text at a position, and its page if little of that is left. */
function release(state: State, position: number): void {
  const index = pageOf(state, position);
  const page = getPage(state, index);
  page.live -= HEADER_BYTES + page.bytes.readUInt32LE((position % state.pageBytes) + 4);
  compact(state, index);
}

/** Frees a page that is full and less than half in use. */
function compact(state: State, index: number): void {
  const page = getPage(state, index);
  if (index === state.current || 2 * page.live >= page.used) return;
  moveTexts(state, page, index);
  state.pages[index] = { bytes: NO_BYTES, used: 0, live: 0 };
  state.freed.push(index);
}

function moveTexts(state: State, { bytes, used }: Page, index: number): void {
  for (let at = 0; at < used; at += HEADER_BYTES + bytes.readUInt32LE(at + 4)) {
    const number = bytes.readUInt32LE(at);
    // Otherwise it was replaced.
    if (state.positions[number] !== index * state.pageBytes + at) continue;
    const length = bytes.readUInt32LE(at + 4);
    const to = append(state, number, length);
    bytes.copy(to.bytes, to.from, at + HEADER_BYTES, at + HEADER_BYTES + length);
  }
}
