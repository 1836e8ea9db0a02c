import type { Directory } from '../../directory/directory.ts';
import type { ApiKey } from '../../directory/key.ts';
import { isWellFormedSecret } from '../../directory/secret.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** Returns the key with this id. Throws UsageError if there is none, without quoting a secret passed by mistake. */
export function getKeyById(directory: Directory, keyId: string): ApiKey {
  if (isWellFormedSecret(keyId)) {
    throw new UsageError('That is a key itself. Name it by its id (key_…), as `appflow keys list` shows it.');
  }
  const key = directory.findKey(keyId);
  if (key) return key;
  throw new UsageError(`There is no API key ${keyId}. \`appflow keys list\` shows them.`);
}
