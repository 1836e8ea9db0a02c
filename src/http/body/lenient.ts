import { ApiError } from '../../api/errors.ts';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const FORM_FIELD = Buffer.from('data=');

/** Whether bytes begin like gzip (RFC 1952 §2.3.1), which no JSON text does. */
export const isGzip = (bytes: Buffer): boolean => bytes.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);

/**
 * Returns the JSON in a form with a field `data`, plain or in base64, as browsers send it that must not ask for permission
 * first (CORS). Returns all other bytes unchanged. Throws 400 if the form cannot be decoded.
 */
export function unwrapForm(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, FORM_FIELD.length).equals(FORM_FIELD)) return bytes;
  const [field = ''] = bytes.toString('latin1', FORM_FIELD.length).split('&', 1);
  const text = decode(field);
  return /^\s*[[{]/.test(text) ? Buffer.from(text) : Buffer.from(text, 'base64');
}

function decode(field: string): string {
  try {
    return decodeURIComponent(field.replaceAll('+', ' ')).trim();
  } catch (error) {
    throw new ApiError('invalid_encoding', { detail: 'The form cannot be decoded.', cause: error });
  }
}
