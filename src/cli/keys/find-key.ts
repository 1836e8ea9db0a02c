import { commandHint } from '../../config/command-hint.ts';
import type { Config } from '../../config/config.ts';
import type { Directory } from '../../directory/directory.ts';
import type { ApiKey } from '../../directory/key.ts';
import { isWellFormedSecret } from '../../directory/secret.ts';
import { UsageError } from '../terminal/usage-error.ts';

type KeyServices = { directory: Directory; config: Pick<Config, 'dataDir'> };

/** Returns the key with this ID. Throws UsageError if there is none, without quoting a secret passed by mistake. */
export function getKeyById({ directory, config }: KeyServices, keyId: string): ApiKey {
  const list = commandHint(config, 'keys list');
  if (isWellFormedSecret(keyId)) {
    throw new UsageError(`That is the key itself. Pass its ID (key_…), as listed by: ${list}`);
  }
  const key = directory.findKey(keyId);
  if (key) return key;
  throw new UsageError(`There is no API key ${keyId}. List the keys with: ${list}`);
}
