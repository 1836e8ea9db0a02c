import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the last line that the import under way in this data folder has behind it; 0 when there is none. */
export function readImportedLine(dataDir: string): number {
  const folder = join(dataDir, 'imports');
  try {
    const name = readdirSync(folder).find((file) => file.endsWith('.json'));
    return name === undefined ? 0 : Number(JSON.parse(readFileSync(join(folder, name), 'utf8')).totals.line);
  } catch {
    // Not made yet, or just finished and removed.
    return 0;
  }
}
