import { HOUR_MS } from '../../lib/durations.ts';
import type { DemoPerson } from './person.ts';
import { pick, type Random } from './random.ts';
import type { Action } from './visits.ts';

const DAYS_PER_MONTH = 30;

/** Prices per currency, as app stores round them. */
const PRICES: Record<string, Record<string, string>> = {
  pro_monthly: { USD: '9.99', EUR: '9.99', GBP: '8.99', JPY: '1500', BRL: '39.90', INR: '499.00' },
  pro_yearly: { USD: '59.99', EUR: '64.99', GBP: '54.99', JPY: '9800', BRL: '249.90', INR: '3499.00' },
  coins_100: { USD: '1.99', EUR: '2.29', GBP: '1.79', JPY: '300', BRL: '9.90', INR: '149.00' },
  coins_500: { USD: '7.99', EUR: '8.99', GBP: '6.99', JPY: '1200', BRL: '34.90', INR: '599.00' },
};

const STORES = { ios: 'app_store', android: 'play_store', web: 'stripe' } as const;

/** Returns a person's payments and refunds on a day. Subscriptions renew whether or not the person is active. */
export function payments(person: DemoPerson, day: number, isActive: boolean, random: Random): Action[] {
  const actions = subscriptionActions(person, day, random);
  if (isActive && random() < 0.006 + 0.02 * person.loyalty) {
    actions.push(
      pay(
        person,
        'purchase',
        pick(random, [
          ['coins_100', 70],
          ['coins_500', 30],
        ]),
        random,
      ),
    );
  }
  return actions;
}

function subscriptionActions(person: DemoPerson, day: number, random: Random): Action[] {
  const { subscription } = person;
  if (!subscription || day < subscription.from - 7 || day > subscription.until) return [];
  const { from, until, product } = subscription;
  if (day === from - 7)
    return [{ name: 'trial_started', atMs: atSomeTime(random), properties: { product_id: product } }];
  if (day < from) return [];
  if (day === from) return [pay(person, 'subscription_started', product, random)];
  // Depends on the person alone, so that only people who paid get a refund.
  if (day === from + 2 && person.index % 25 === 0) return [pay(person, 'refund', product, random)];
  if (day === until) {
    return [
      { name: 'subscription_cancelled', atMs: atSomeTime(random), properties: { product_id: product } },
    ];
  }
  const isRenewal = product === 'pro_monthly' && (day - from) % DAYS_PER_MONTH === 0;
  return isRenewal ? [pay(person, 'subscription_renewed', product, random)] : [];
}

function pay({ currency, platform }: DemoPerson, name: string, product_id: string, random: Random): Action {
  const revenue = PRICES[product_id]?.[currency] ?? '9.99';
  return {
    name,
    atMs: atSomeTime(random),
    properties: { product_id, revenue, currency, store: STORES[platform] },
  };
}

const atSomeTime = (random: Random) => Math.floor((8 + 14 * random()) * HOUR_MS);
