/** The dimensions of breakdowns. */
export const DIMENSIONS = {
  event_name: { title: 'Top events' },
  platform: { title: 'Platforms' },
  country: { title: 'Countries' },
  app_version: { title: 'App versions' },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/** In display order. */
export const DIMENSION_NAMES = ['event_name', 'country', 'platform', 'app_version'] as const;

const PLATFORMS: Readonly<Record<string, string>> = {
  ios: 'iOS',
  android: 'Android',
  web: 'Web',
  server: 'Server',
  macos: 'macOS',
  windows: 'Windows',
  linux: 'Linux',
};

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** Returns the display name of a value: `DE` is Germany. Unknown values stay as they are. */
export function valueLabel(dimension: Dimension, value: string): string {
  if (dimension === 'platform' && Object.hasOwn(PLATFORMS, value)) return PLATFORMS[value] ?? value;
  if (dimension === 'country' && /^[A-Z]{2}$/.test(value)) return COUNTRIES.of(value) ?? value;
  return value;
}
