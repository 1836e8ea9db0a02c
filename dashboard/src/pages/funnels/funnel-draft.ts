import type { FunnelDefinition } from '../../api/answers.ts';
import { type AnalyticsFilter, fromFilterQuery, toFilterQuery } from '../../lib/analytics-filters.ts';

/** A condition for the events of a step, as typed. */
export type DraftCondition = { id: number; property: string; op: string; value: string };

/** A step, as typed. */
export type DraftStep = { id: number; event_name: string; where: DraftCondition[] };

/** A funnel, as typed. */
export type FunnelDraft = {
  steps: DraftStep[];
  window: string;
  order: 'sequential' | 'any';
  breakdown: string;
};

/** The operators, and how they read. */
export const OPERATORS = [
  { value: 'is', label: 'is' },
  { value: 'is_not', label: 'is not' },
  { value: 'contains', label: 'contains' },
  { value: 'exists', label: 'exists' },
  { value: 'gt', label: 'greater than' },
  { value: 'lt', label: 'less than' },
] as const;

/** The windows, in seconds. */
export const WINDOWS = [
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
  { value: '1209600', label: '14 days' },
  { value: '2592000', label: '30 days' },
  { value: '7776000', label: '90 days' },
] as const;

const WINDOW_DEFAULT = '604800';

let lastId = 0;
const nextId = () => {
  lastId += 1;
  return lastId;
};

/** Returns a step without an event. */
export const emptyStep = (): DraftStep => ({ id: nextId(), event_name: '', where: [] });

/** Returns a condition without a property. */
export const emptyCondition = (): DraftCondition => ({ id: nextId(), property: '', op: 'is', value: '' });

/** Returns a definition as it is edited; without one, two empty steps. */
export function toDraft(definition: FunnelDefinition | undefined): FunnelDraft {
  return {
    steps: definition?.steps.map(({ event_name, where = [] }) => ({
      id: nextId(),
      event_name,
      where: where.map(({ property, op, value = '' }) => ({ id: nextId(), property, op, value })),
    })) ?? [emptyStep(), emptyStep()],
    window: String(definition?.window_seconds ?? WINDOW_DEFAULT),
    order: definition?.order ?? 'sequential',
    breakdown: definition?.breakdown ?? '',
  };
}

/** Returns the definition of a draft. */
export function toDefinition({ steps, window, order, breakdown }: FunnelDraft): FunnelDefinition {
  return {
    steps: steps.map(({ event_name, where }) => ({
      event_name: event_name.trim(),
      ...(where.length > 0 && {
        where: where.map(({ property, op, value }) => {
          const operator = OPERATORS.find((known) => known.value === op)?.value ?? 'is';
          return { property: property.trim(), op: operator, ...(operator !== 'exists' && { value }) };
        }),
      }),
    })),
    window_seconds: Number(window),
    order,
    ...(breakdown.trim() !== '' && { breakdown: breakdown.trim() }),
  };
}

/** Returns the definition in the URL; undefined if there is none that the page could show. The server checks the rest. */
export function parseDefinition(text: string | undefined): FunnelDefinition | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const steps: unknown = isObject(value) && 'steps' in value ? value.steps : undefined;
    return Array.isArray(steps) && steps.every(isStep) ? (value as FunnelDefinition) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the definition to save: what the page shows, with its filters. */
export function withFilters(
  { filters: own, ...definition }: FunnelDefinition,
  filters: readonly AnalyticsFilter[],
): FunnelDefinition {
  const all = { ...own, ...toFilterQuery(filters) };
  return Object.keys(all).length === 0 ? definition : { ...definition, filters: all };
}

/** Returns a saved definition as the page shows it: its filters apart. */
export function splitFilters({ filters = {}, ...definition }: FunnelDefinition) {
  return { definition, filters: fromFilterQuery(filters) };
}

/** Whether two definitions are equivalent. */
export const isSameFunnel = (one: FunnelDefinition, other: FunnelDefinition): boolean =>
  toComparable(one) === toComparable(other);

function toComparable(funnel: FunnelDefinition): string {
  const { definition, filters } = splitFilters(funnel);
  // As the page edits it: what is absent has its default.
  return JSON.stringify([toDefinition(toDraft(definition)), filters]);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isStep = (step: unknown): boolean =>
  isObject(step) &&
  'event_name' in step &&
  typeof step.event_name === 'string' &&
  (!('where' in step) || (Array.isArray(step.where) && step.where.every(isObject)));

/** Returns the steps with one moved up (-1) or down (1). */
export function moveStep(steps: readonly DraftStep[], index: number, by: 1 | -1): DraftStep[] {
  const moved = steps[index];
  if (moved === undefined) return [...steps];
  const others = steps.filter((_, at) => at !== index);
  return [...others.slice(0, index + by), moved, ...others.slice(index + by)];
}
