import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the last finished line of the import running in this data folder; 0 if there is none. */
export function readImportedLine(dataDir: string): number {
  const folder = join(dataDir, 'imports');
  try {
    const name = readdirSync(folder).find((file) => file.endsWith('.json'));
    return name === undefined ? 0 : Number(JSON.parse(readFileSync(join(folder, name), 'utf8')).totals.line);
  } catch {
    // Not created yet, or just removed by a finished import.
    return 0;
  }
}
