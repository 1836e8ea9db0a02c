import type { Caller } from '../api/caller.ts';
import { requireWholeProject } from '../api/permission.ts';

/** Who can change what a project saves, for the description of a route. */
export const WHO =
  'Owners, admins, developers and server keys can write; analysts and read-only keys can only read.';

/** What a project saves is about all its apps. Throws 403 for a caller that is restricted to some. */
export const requireAllApps = (caller: Caller): void =>
  requireWholeProject(
    caller,
    "This key is restricted to some apps, so it can't change what the project saves.",
  );
