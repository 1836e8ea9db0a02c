// Imported by the dashboard too: nothing here may import a library.

// In UTF-16 units: twice the longest password. Longer texts are refused anyway, but formats are checked first, and this
// check takes time that grows with the square of the length: 64 KB blocked the server for seconds.
const CHECKED_MAX = 256;

/** Of what is neither a common word, a sequence nor a repetition, a password needs at least this many characters. */
const UNCOMMON_MIN = 6;

/** Common parts of passwords of 12 and more characters. Longest first, so that no part hides a longer one. */
const WORDS =
  `administrator password passwort baseball football iloveyou princess sunshine superman trustno1 whatever
  appflow batman changeme charlie default dragon letmein michael monkey passwd qwerty azerty qwertz shadow welcome
  january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter
  hello jordan login master secret testing admin guest pass root temp test user love`
    .split(/\s+/)
    .toSorted((a, b) => b.length - a.length);

const ROWS = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const SEQUENCES = ROWS.flatMap((row) => [row, [...row].toReversed().join('')]);
const SEQUENCE_MIN = 3;

const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

/**
 * Whether a password of accepted length is easy to guess: made of common words, sequences, years and repetitions (NIST SP
 * 800-63B §3.1.1.2), also with look-alikes such as `p4$$w0rd`. A short list: wrong passwords are limited as well.
 */
export function isGuessable(password: string): boolean {
  if (password.length > CHECKED_MAX) return false;
  const text = password.normalize('NFKC').toLowerCase();
  const spelled = [...text].map((character) => LOOKALIKES[character] ?? character).join('');
  return [text, spelled].some((one) => countUncommon(one) < UNCOMMON_MIN);
}

function countUncommon(text: string): number {
  const [, unit = text] = /^(.+?)\1+$/s.exec(text) ?? [];
  let rest = unit.replaceAll(/[\s._\-!?#*+,;:]/g, '');
  for (const word of WORDS) rest = rest.replaceAll(word, ' ');
  rest = removeSequences(rest)
    .replaceAll(/(?:19|20)\d\d/g, ' ')
    .replaceAll(/(.)\1{2,}/g, '$1');
  return [...rest.replaceAll(' ', '')].length;
}

/** Removes every run of three and more neighbors of the alphabet, the digits or a row of keys. */
function removeSequences(text: string): string {
  let kept = '';
  for (let at = 0; at < text.length; ) {
    const length = Math.max(...SEQUENCES.map((sequence) => countShared(text.slice(at), sequence)));
    if (length >= SEQUENCE_MIN) {
      at += length;
      continue;
    }
    kept += text.charAt(at);
    at += 1;
  }
  return kept;
}

/** Returns how many characters at the start of a text go on as they do in a sequence. */
function countShared(text: string, sequence: string): number {
  const start = sequence.indexOf(text.charAt(0));
  if (text === '' || start < 0) return 0;
  let length = 1;
  while (length < text.length && sequence[start + length] === text[length]) length += 1;
  return length;
}
