/** All apps of the project: the value of `apps` in a URL, and of `app_id` in a query. */
export const ALL_APPS = 'all';
