import type { SdkId } from '../../../../../src/api/dialect.ts';

/** The vendors with a guide, in the order of docs/guides/sdks.md. Apart from the guides, because checking a URL needs no more. */
export const GUIDE_IDS = [
  ...(['posthog', 'segment', 'rudderstack', 'amplitude'] as const),
  ...(['jitsu', 'openpanel', 'aptabase', 'mixpanel'] as const),
] as const satisfies readonly SdkId[];

/** One of `GUIDE_IDS`. */
export type GuideId = (typeof GUIDE_IDS)[number];

/** The platforms of the SDKs, in the order of the guide. */
export const PLATFORMS = [
  { id: 'swift', name: 'Swift', install: 'In Xcode, choose File › Add Package Dependencies:' },
  { id: 'kotlin', name: 'Kotlin', install: 'In build.gradle.kts, under dependencies:' },
  { id: 'flutter', name: 'Flutter', install: 'In a terminal:' },
  { id: 'react_native', name: 'React Native', install: 'In a terminal:' },
  { id: 'unity', name: 'Unity', install: 'In Unity, choose Package Manager › Add package from git URL:' },
  { id: 'web', name: 'Web', install: 'In a terminal:' },
  { id: 'node', name: 'Node', install: 'In a terminal:' },
] as const;

/** One of `PLATFORMS`. */
export type PlatformId = (typeof PLATFORMS)[number]['id'];

/** How an SDK is set up on a platform. `{key}`, `{origin}` and `{host}` stand for the key and the address of the server. */
export type SdkSetup = {
  /** What to install: a command, a line or an address. */
  install: string;
  /** Where, if it is not where the platform's other packages are installed. */
  installWhere?: string;
  imports: readonly string[];
  /** The expression with the key and the host, as the guide has it. */
  settings: string;
  /** The lines that set up the SDK. `{settings}` stands for that expression. */
  setup: string;
  /** The call that sends the first event. */
  event: string;
  /** What a short-lived process must wait for. */
  end?: string;
};

/** One vendor's SDKs. A test compares them with docs/guides/sdks.md. */
export type SdkGuide = {
  id: GuideId;
  name: string;
  platforms: Partial<Record<PlatformId, SdkSetup>>;
  /** What else to know before the first event. */
  note?: string;
  /** What Appflow does not do with it, as the end of "Not supported: …". */
  unsupported: string;
};

/** Returns a text with its placeholders filled in. `origin` is the address of the server, such as `https://example.com`. */
export const fillIn = (text: string, { origin, key }: { origin: string; key: string }): string =>
  text
    .replaceAll('{key}', key)
    .replaceAll('{origin}', origin)
    .replaceAll('{host}', origin.replace(/^https?:\/\//, ''));

/** Returns the code that sets up an SDK and sends a first event. */
export function renderSetup(
  { imports, settings, setup, event, end }: SdkSetup,
  values: { origin: string; key: string },
): string {
  const lines = [...imports, '', setup.replace('{settings}', () => settings), event];
  return fillIn([...lines, ...(end === undefined ? [] : [end])].join('\n'), values);
}
