import { systemActor } from '../api/caller.ts';
import { NO_CALLER } from '../control/control.ts';
import { isWellFormedSecret, type Pepper } from '../directory/secret.ts';
import { findBySecret } from '../keys/verify/verify.ts';
import { handleLeak, type LeakServices } from './handle-leak.ts';

type Services = LeakServices & { pepper: Pepper; retiredPeppers: readonly Pepper[] };

/**
 * Applies the project's policy for leaked keys to a key that an SDK in an app sends: everyone who has the app can
 * read it. Resolves to whether it is a key of this server; otherwise, nothing happens.
 */
export async function reportLeakInApp(
  services: Services,
  secret: string,
  { address, requestId }: { address: string; requestId: string },
): Promise<boolean> {
  const { directory, pepper, retiredPeppers } = services;
  if (!isWellFormedSecret(secret)) return false;
  await directory.ensureFresh();
  const found = findBySecret(secret, directory, pepper, retiredPeppers);
  if (!found) return false;
  // Presenting the key proves that it leaked: there is nothing to recheck.
  const actor = { ...systemActor('sdk_request'), ip: address, requestId };
  await handleLeak(services, found, { actor, recheck: NO_CALLER });
  return true;
}
