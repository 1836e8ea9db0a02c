import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** How a file or folder is damaged. */
export type Damage = 'truncated' | 'emptied' | 'deleted' | 'flipped';

export const DAMAGES: readonly Damage[] = ['truncated', 'emptied', 'deleted', 'flipped'];

/** Damages a file. `offset` is where a bit is flipped, by default in the middle. */
export function damageFile(path: string, damage: Damage, offset = Math.floor(statSync(path).size / 2)): void {
  if (damage === 'deleted') rmSync(path, { recursive: true });
  else if (damage === 'emptied') writeFileSync(path, '');
  else if (damage === 'truncated') truncateSync(path, Math.floor(statSync(path).size / 2));
  else flipBit(path, offset);
}

function flipBit(path: string, offset: number): void {
  const handle = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, offset);
  writeSync(handle, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, offset);
  closeSync(handle);
}

/** The kinds of pages of a SQLite database, each with the offset of a byte of content in one of them. */
export function findPages(file: string): Map<string, number> {
  const bytes = readFileSync(file);
  const pageBytes = bytes.readUInt16BE(16);
  const pages = new Map<string, number>([['header', 60]]);
  const trunk = bytes.readUInt32BE(32);
  if (trunk > 0) pages.set('freelist', (trunk - 1) * pageBytes + 12);
  const kinds: Record<number, string> = {
    2: 'index interior',
    5: 'table interior',
    10: 'index leaf',
    13: 'table leaf',
  };
  for (let page = 1; page * pageBytes < bytes.length; page += 1) {
    const kind = kinds[bytes[page * pageBytes] ?? 0];
    const cells = bytes.readUInt16BE(page * pageBytes + 3);
    // The last bytes of a page are the end of its first cell.
    if (kind !== undefined && cells > 0 && !pages.has(kind)) pages.set(kind, (page + 1) * pageBytes - 3);
  }
  return pages;
}
