import { Apple, Box, Globe, type LucideProps, Server, Smartphone } from 'lucide-react';
import { PLATFORMS } from '../../../src/directory/app.ts';
import type { Platform } from '../api/answers.ts';
import { Field } from './ui/field.tsx';
import { Select } from './ui/select.tsx';

const ICONS = { ios: Apple, android: Smartphone, web: Globe, server: Server, other: Box } as const;

/** The display name of each platform. */
export const PLATFORM_NAMES: Record<Platform, string> = {
  ios: 'iOS',
  android: 'Android',
  web: 'Web',
  server: 'Server',
  other: 'Other',
};

/** Returns the display name of an event's platform; an unknown value as it is. */
export function platformName(platform: string): string {
  return Object.entries(PLATFORM_NAMES).find(([known]) => known === platform)?.[1] ?? platform;
}

type Device = { [Name in 'platform' | 'country' | 'app_version']?: string | null | undefined };

/** Returns where an event came from, as far as it says: `iOS · DE · 2.4.0`. */
export function describeDevice({ platform, country, app_version }: Device): string {
  return [platform && platformName(platform), country, app_version].filter(Boolean).join(' · ');
}

/** A platform's icon, for use next to its name. */
export function PlatformIcon({ platform, ...rest }: { platform: Platform } & LucideProps) {
  const Icon = ICONS[platform];
  return <Icon aria-hidden {...rest} />;
}

type PlatformFieldProps = { value: Platform; onChange: (platform: Platform) => void };

/** The form field for an app's platform. */
export function PlatformField({ value, onChange }: PlatformFieldProps) {
  return (
    <Field label="Platform">
      {(control) => (
        <Select
          {...control}
          value={value}
          onChange={({ target }) => onChange(PLATFORMS.find((known) => known === target.value) ?? 'other')}
        >
          {PLATFORMS.map((platform) => (
            <option key={platform} value={platform}>
              {PLATFORM_NAMES[platform]}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
