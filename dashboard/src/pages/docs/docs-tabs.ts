import { GUIDE_IDS, PLATFORMS } from './sdk-guides/sdk-guide.ts';

const TABS: readonly string[] = ['curl', 'appflow', ...GUIDE_IDS];
const PLATFORM_IDS: readonly string[] = PLATFORMS.map(({ id }) => id);

/** Whether the quick start has such a tab. */
export const isDocsTab = (value: string): boolean => TABS.includes(value);

/** Whether an SDK may have such a platform. */
export const isDocsPlatform = (value: string): boolean => PLATFORM_IDS.includes(value);
