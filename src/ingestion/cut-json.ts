import { redactSecrets, SECRET_LENGTH } from '../directory/secret.ts';

/** Bytes of the JSON of a sample. */
export const SAMPLE_BYTES_MAX = 2_048;

/** What is nested deeper is left out. An event that is valid has fewer levels. */
const DEPTH_MAX = 32;

/** Enough to contain every key that begins within the limit. */
const CHARACTERS_MAX = SAMPLE_BYTES_MAX + SECRET_LENGTH;

/** A key that the end of the text cut short, which `redactSecrets` cannot recognize. */
const CUT_SECRET = /(?:sk|ck|ro)_af1_[0-9A-Za-z]*$/;

/** The beginning of a value's JSON, and whether something is missing. */
export type CutJson = { json: string; isCut: boolean };

/**
 * Returns the JSON of what `JSON.parse` returned, cut to 2 KB, with API keys redacted. Costs about as much as what it
 * returns, however large the value is.
 */
export function toCutJson(value: unknown): CutJson {
  const writer: Writer = { parts: [], left: CHARACTERS_MAX, isCut: false };
  write(writer, value, 0);
  const isCut = writer.isCut || writer.left < SECRET_LENGTH;
  const text = writer.parts.join('').slice(0, CHARACTERS_MAX).toWellFormed();
  const redacted = redactSecrets(text);
  if (!isCut && Buffer.byteLength(redacted) <= SAMPLE_BYTES_MAX) return { json: redacted, isCut };
  return { json: cutBytes(redacted.replace(CUT_SECRET, ''), SAMPLE_BYTES_MAX), isCut: true };
}

/** Returns the beginning of a text, at most so many bytes as UTF-8, without half a character. */
export function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text.slice(0, bytesMax).toWellFormed());
  if (bytes.length <= bytesMax) return bytes.toString();
  let end = bytesMax;
  // The bytes that continue a character are 10xxxxxx.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** The parts of the text, and how many more characters are wanted. */
type Writer = { parts: string[]; left: number; isCut: boolean };

function write(writer: Writer, value: unknown, depth: number): void {
  if (writer.left <= 0) return;
  if (typeof value === 'string') writeText(writer, value);
  else if (typeof value !== 'object' || value === null) add(writer, JSON.stringify(value) ?? 'null');
  else if (depth === DEPTH_MAX) {
    writer.isCut = true;
    add(writer, 'null');
  } else if (Array.isArray(value)) writeList(writer, value, depth + 1);
  else writeObject(writer, value as Readonly<Record<string, unknown>>, depth + 1);
}

function add(writer: Writer, text: string): void {
  writer.parts.push(text);
  writer.left -= text.length;
}

function writeText(writer: Writer, text: string): void {
  add(writer, JSON.stringify(text.slice(0, Math.max(writer.left, 0))));
}

function writeList(writer: Writer, items: readonly unknown[], depth: number): void {
  add(writer, '[');
  for (const [index, item] of items.entries()) {
    if (writer.left <= 0) return;
    if (index > 0) add(writer, ',');
    write(writer, item, depth);
  }
  add(writer, ']');
}

function writeObject(writer: Writer, members: Readonly<Record<string, unknown>>, depth: number): void {
  add(writer, '{');
  let separator = '';
  for (const name in members) {
    if (writer.left <= 0) return;
    if (separator !== '') add(writer, separator);
    separator = ',';
    writeText(writer, name);
    add(writer, ':');
    write(writer, members[name], depth);
  }
  add(writer, '}');
}
