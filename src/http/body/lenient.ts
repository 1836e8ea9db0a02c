import { ApiError } from '../../api/errors.ts';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const FORM_FIELD = Buffer.from('data=');
const [AMPERSAND, PERCENT, PLUS, SPACE, BRACE, BRACKET] = Buffer.from('&%+ {[') as unknown as Sixth;
type Sixth = readonly [number, number, number, number, number, number];

/** The largest form. Browsers send at most 64 KB when a page closes, and decoding takes longer than reading JSON. */
export const FORM_BYTES_MAX = 256 * 1024;

/** Whether bytes begin like gzip (RFC 1952 §2.3.1), which no JSON text does. */
export const isGzip = (bytes: Buffer): boolean => bytes.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);

/** Whether bytes are a form with a field `data`, as browsers send it without a CORS preflight. */
export const isForm = (bytes: Buffer): boolean => bytes.subarray(0, FORM_FIELD.length).equals(FORM_FIELD);

/**
 * Returns what the field `data` of a form contains, plain or in base64. Throws 413 if the form is larger than
 * `FORM_BYTES_MAX`, 400 if it cannot be decoded.
 */
export function unwrapForm(form: Buffer): Buffer {
  if (form.length > FORM_BYTES_MAX)
    throw new ApiError('payload_too_large', {
      detail: `The form is larger than ${FORM_BYTES_MAX} bytes. Send a smaller one, or JSON.`,
    });
  const value = decodeField(form.subarray(FORM_FIELD.length));
  const first = value.find((byte) => byte !== SPACE);
  if (first === BRACE || first === BRACKET) return value;
  // A `+` of base64 that was not escaped has become a space.
  return Buffer.from(value.toString('latin1').replaceAll(' ', '+'), 'base64');
}

/** Returns the bytes of the first value (application/x-www-form-urlencoded), one pass over them. */
function decodeField(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length && bytes[at] !== AMPERSAND; at += 1, length += 1) {
    if (bytes[at] === PERCENT) {
      decoded[length] = decodePair(bytes.toString('latin1', at + 1, at + 3));
      at += 2;
    } else decoded[length] = bytes[at] === PLUS ? SPACE : (bytes[at] ?? 0);
  }
  return decoded.subarray(0, length);
}

function decodePair(hex: string): number {
  if (!/^[0-9a-f]{2}$/i.test(hex))
    throw new ApiError('invalid_encoding', {
      detail: 'The form cannot be decoded: % is not followed by two digits.',
    });
  return Number.parseInt(hex, 16);
}
