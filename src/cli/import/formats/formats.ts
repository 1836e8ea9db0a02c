import { AMPLITUDE_EXPORT } from './amplitude.ts';
import type { ExportFormat } from './format.ts';
import { MIXPANEL_EXPORT } from './mixpanel.ts';
import { OPENPANEL_EXPORT } from './openpanel.ts';
import { POSTHOG_EXPORT } from './posthog.ts';
import { SEGMENT_EXPORT } from './segment.ts';
import { UMAMI_EXPORT } from './umami.ts';

/** The products whose exports `appflow import --from` reads. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  POSTHOG_EXPORT,
  SEGMENT_EXPORT,
  AMPLITUDE_EXPORT,
  MIXPANEL_EXPORT,
  OPENPANEL_EXPORT,
  UMAMI_EXPORT,
];
