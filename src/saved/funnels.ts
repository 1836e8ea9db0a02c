import { type Static, Type } from 'typebox';
import { FUNNEL_DEFINITION, requireValidFunnel } from '../analytics/funnel/definition.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { SavedItem, UpdatableKind } from './saved-items.ts';

/** Saved funnels, as a kind of what a project saves. */
export const FUNNELS: UpdatableKind = {
  kind: 'funnel',
  idPrefix: 'funnel',
  cap: 'funnelsPerProject',
  plural: 'saved funnels in this project',
  actions: { created: 'funnel.created', updated: 'funnel.updated', deleted: 'funnel.deleted' },
};

const FIELDS = {
  name: Type.String({ ...NAME_RULES, description: 'Name of the funnel.' }),
  definition: FUNNEL_DEFINITION,
};

/** A funnel to save, as an example. */
export const FUNNEL_EXAMPLE = {
  name: 'From onboarding to purchase',
  definition: {
    steps: [
      { event_name: 'onboarding_complete' },
      { event_name: 'trial_started' },
      { event_name: 'purchase_complete' },
    ],
    window_seconds: 1_209_600,
    order: 'sequential' as const,
  },
};

/** The body of a request to save a funnel. */
export const NEW_FUNNEL = component('NewFunnel', closedObject(FIELDS), { examples: [FUNNEL_EXAMPLE] });

/** The body of a request to change a saved funnel. */
export const FUNNEL_CHANGES = component(
  'FunnelChanges',
  Type.Object(
    { name: Type.Optional(FIELDS.name), definition: Type.Optional(FIELDS.definition) },
    { additionalProperties: false, minProperties: 1 },
  ),
);

/** The JSON of a saved funnel. */
export const FUNNEL_JSON = component(
  'Funnel',
  closedObject({
    id: Type.String({ description: 'Identifies the funnel.' }),
    ...FIELDS,
    created_at: Type.String({ format: 'date-time', description: 'When it was created.' }),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
  }),
  {
    description: 'The steps of a funnel, saved under a name. App and days are chosen when it is queried.',
    examples: [
      {
        id: 'funnel_01K9ZV0Q6T4M8XJ2R5C7N3B1WG',
        ...FUNNEL_EXAMPLE,
        created_at: '2026-11-22T10:00:00.000Z',
        updated_at: '2026-11-22T10:00:00.000Z',
      },
    ],
  },
);

/** What is stored of a funnel. */
export type FunnelContent = Static<typeof NEW_FUNNEL>;

/** Returns the members to store. Throws 422 for a condition without what it needs, and if an API key is in a text. */
export function toFunnelContent<Content extends Partial<FunnelContent>>(given: Content): Content {
  const { name, definition } = given;
  if (definition) requireValidFunnel(definition, 'definition.');
  requireNoKeysIn({ name, definition: definition && JSON.stringify(definition) });
  return name === undefined ? given : { ...given, name: name.trim() };
}

/** Returns a saved funnel as JSON. */
export function toFunnelJson({
  id,
  content,
  createdAt,
  updatedAt,
}: SavedItem<FunnelContent>): Static<typeof FUNNEL_JSON> {
  return {
    id,
    ...content,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  };
}
