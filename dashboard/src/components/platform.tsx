import { Apple, Box, Globe, type LucideProps, Server, Smartphone } from 'lucide-react';
import type { Platform } from '../api/answers.ts';

const ICONS = { ios: Apple, android: Smartphone, web: Globe, server: Server, other: Box } as const;

/** What people call each platform. */
export const PLATFORM_NAMES: Record<Platform, string> = {
  ios: 'iOS',
  android: 'Android',
  web: 'Web',
  server: 'Server',
  other: 'Other',
};

/** Returns what people call a platform as events tell it; what is no platform stays as it is. */
export function platformName(platform: string): string {
  return Object.entries(PLATFORM_NAMES).find(([known]) => known === platform)?.[1] ?? platform;
}

/** A platform's picture; its name stands beside it or is not needed. */
export function PlatformIcon({ platform, ...rest }: { platform: Platform } & LucideProps) {
  const Icon = ICONS[platform];
  return <Icon aria-hidden {...rest} />;
}
