import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type Config, ConfigError, readConfig } from '../../config/config.ts';
import { messageOf } from '../../lib/errors.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** What is moved from where: the configuration of a data folder, and the one in the file of the target. */
export type MovePlan = {
  source: Config;
  target: Config;
  file: string;
  movesControl: boolean;
  movesEvents: boolean;
};

/** Returns what the variables in `file` say to move. Throws UsageError if nothing can be moved, and ConfigError. */
export function planMove(source: Config, file: string): MovePlan {
  if (source.databaseUrl !== undefined || source.clickhouseUrl !== undefined)
    throw new UsageError(
      `Only what is in the data folder is moved. Unset DATABASE_URL and CLICKHOUSE_URL for this command, and set them in ${file}.`,
    );
  const target = readTarget(source, file);
  if (target.clickhouseCluster !== undefined)
    throw new UsageError(
      `${file} sets APPFLOW_CLICKHOUSE_CLUSTER, but events can be moved to a single ClickHouse server only. Unset it.`,
    );
  const [movesControl, movesEvents] = [target.databaseUrl !== undefined, target.clickhouseUrl !== undefined];
  if (!movesControl && !movesEvents)
    throw new UsageError(`${file} must set DATABASE_URL, CLICKHOUSE_URL or both.`);
  return { source, target, file, movesControl, movesEvents };
}

function readTarget({ dataDir }: Config, file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}.`);
  }
  try {
    return readConfig({ APPFLOW_DATA_DIR: dataDir, ...parseEnv(text) });
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}
