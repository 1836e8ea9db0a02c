import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Returns where each table is defined and where its parts are. */
export function listTables(eventsDir: string): Map<string, { definition: string; folder: string }> {
  const uuidOf = (text: string) => /UUID '([0-9a-f-]+)'/.exec(text)?.[1] ?? '';
  const pathOf = (uuid: string) => join(eventsDir, 'store', uuid.slice(0, 3), uuid);
  const database = pathOf(uuidOf(readFileSync(join(eventsDir, 'metadata/appflow.sql'), 'utf8')));
  return new Map(
    readdirSync(database).map((name) => {
      const definition = join(database, name);
      return [
        basename(name, '.sql'),
        { definition, folder: pathOf(uuidOf(readFileSync(definition, 'utf8'))) },
      ];
    }),
  );
}
