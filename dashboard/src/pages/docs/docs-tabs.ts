import { KEY_SDKS } from '../../../../src/api/dialect.ts';
import { PLATFORMS } from './sdk-guides/sdk-guide.ts';

const TABS: readonly string[] = ['curl', ...KEY_SDKS];
const PLATFORM_IDS: readonly string[] = PLATFORMS.map(({ id }) => id);

/** Whether the quick start has such a tab. */
export const isDocsTab = (value: string): boolean => TABS.includes(value);

/** Whether an SDK may have such a platform. */
export const isDocsPlatform = (value: string): boolean => PLATFORM_IDS.includes(value);
