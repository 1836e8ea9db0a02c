/** Whether an Accept-Encoding header names the encoding, and not with `q=0` (RFC 9110 §12.5.3). */
export function accepts(header: string, token: string): boolean {
  if (header === '') return false;
  return header.split(',').some((entry) => {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    return name === token && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
