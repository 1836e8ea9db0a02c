import { pick, randomOf } from './random.ts';

/** The platforms of the demo's apps, in order of creation. */
export const DEMO_PLATFORMS = ['ios', 'android', 'web'] as const;

/** The platform of one of the demo's apps. */
export type DemoPlatform = (typeof DEMO_PLATFORMS)[number];

/** The size of the demo. The same plan gives the same people and events. */
export type DemoPlan = { seed: number; days: number; users: number };

/** A user of one of the apps. Days count from the first day of the demo. */
export type DemoPerson = {
  index: number;
  id: string;
  platform: DemoPlatform;
  country: string;
  locale: string;
  currency: string;
  /** Hours ahead of UTC. */
  zoneHours: number;
  device: string;
  osVersion: string;
  /** The day of the first visit. Negative for people who joined before the first day. */
  joined: number;
  /** Whether the person came by the campaign. */
  isFromCampaign: boolean;
  /** 0 to 1: how likely a visit is soon after joining, and how slowly that declines. */
  loyalty: number;
  /** How many days after a release the person installs it. */
  updateDays: number;
  /** The first and last day of a subscription; undefined for most people. */
  subscription: { from: number; until: number; product: 'pro_monthly' | 'pro_yearly' } | undefined;
};

type Region = Pick<DemoPerson, 'country' | 'locale' | 'currency' | 'zoneHours'>;

const COUNTRIES = [
  [{ country: 'US', locale: 'en_US', currency: 'USD', zoneHours: -6 }, 34],
  [{ country: 'DE', locale: 'de_DE', currency: 'EUR', zoneHours: 1 }, 14],
  [{ country: 'GB', locale: 'en_GB', currency: 'GBP', zoneHours: 0 }, 10],
  [{ country: 'FR', locale: 'fr_FR', currency: 'EUR', zoneHours: 1 }, 8],
  [{ country: 'JP', locale: 'ja_JP', currency: 'JPY', zoneHours: 9 }, 9],
  [{ country: 'BR', locale: 'pt_BR', currency: 'BRL', zoneHours: -3 }, 9],
  [{ country: 'IN', locale: 'en_IN', currency: 'INR', zoneHours: 5.5 }, 11],
  [{ country: 'ES', locale: 'es_ES', currency: 'EUR', zoneHours: 1 }, 5],
] as const;

const DEVICES = {
  ios: [
    ['iPhone17,1', 30],
    ['iPhone16,2', 28],
    ['iPhone15,4', 22],
    ['iPad14,8', 8],
  ],
  android: [
    ['Pixel 9', 14],
    ['SM-S928B', 24],
    ['SM-A556B', 30],
    ['2311DRK48G', 16],
  ],
  web: [
    ['Chrome', 55],
    ['Safari', 25],
    ['Firefox', 12],
  ],
} as const;

const SYSTEMS = {
  ios: [
    ['18.1', 45],
    ['18.0', 30],
    ['17.6', 20],
  ],
  android: [
    ['15', 30],
    ['14', 45],
    ['13', 20],
  ],
  web: [
    ['macOS 15', 35],
    ['Windows 11', 50],
    ['Linux', 10],
  ],
} as const;

const PLATFORM_WEIGHTS = [
  ['ios', 44],
  ['android', 40],
  ['web', 16],
] as const;

/** The share of people who joined before the first day. */
const EARLIER_SHARE = 0.35;
const EARLIER_DAYS = 120;

/** The share of people who join in the days after the campaign. */
const CAMPAIGN_SHARE = 0.07;
const CAMPAIGN_DAYS = 3;

/** Returns the day on which the demo's campaign starts. */
export const campaignDay = ({ days }: Pick<DemoPlan, 'days'>): number => Math.floor(0.6 * days);

/**
 * Returns the person with this index. More people join each week than in the week before, most of all after the campaign, and those
 * who join later stay longer.
 */
export function createDemoPerson({ seed, days }: DemoPlan, index: number): DemoPerson {
  const random = randomOf('person', seed, index);
  const platform = pick<DemoPlatform>(random, PLATFORM_WEIGHTS);
  const region = pick<Region>(random, COUNTRIES);
  const isEarlier = random() < EARLIER_SHARE;
  const isFromCampaign = !isEarlier && random() < CAMPAIGN_SHARE;
  const joined = Math.floor(
    isEarlier
      ? -EARLIER_DAYS * random()
      : isFromCampaign
        ? campaignDay({ days }) + CAMPAIGN_DAYS * random()
        : days * random() ** 0.7,
  );
  const improved = 0.55 + (0.9 * Math.max(0, joined)) / days;
  const loyalty = Math.min(1, improved * (0.15 + 0.75 * random() ** 2));
  return {
    ...region,
    index,
    id: `user_${Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0')}${index.toString(36)}`,
    platform,
    device: pick<string>(random, DEVICES[platform]),
    osVersion: pick<string>(random, SYSTEMS[platform]),
    joined,
    isFromCampaign,
    loyalty,
    updateDays: -9 * Math.log(1 - 0.98 * random()),
    subscription: random() < 0.02 + 0.12 * loyalty ? makeSubscription(random, joined) : undefined,
  };
}

function makeSubscription(random: () => number, joined: number): DemoPerson['subscription'] {
  const product = random() < 0.8 ? 'pro_monthly' : 'pro_yearly';
  const from = joined + 7 + Math.floor(random() * 20);
  const months = product === 'pro_yearly' ? 12 : 1 + Math.floor(random() * 8);
  return { from, until: from + 30 * months, product };
}
