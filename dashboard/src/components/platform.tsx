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

/** A platform's picture; its name stands beside it or is not needed. */
export function PlatformIcon({ platform, ...rest }: { platform: Platform } & LucideProps) {
  const Icon = ICONS[platform];
  return <Icon aria-hidden {...rest} />;
}
