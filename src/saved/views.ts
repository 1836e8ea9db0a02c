import { type Static, Type } from 'typebox';
import { requireNoKeysIn } from '../api/validate.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { SavedItem, UpdatableKind } from './saved-items.ts';

/** Saved views, as a kind of what a project saves. */
export const VIEWS: UpdatableKind = {
  kind: 'view',
  idPrefix: 'view',
  cap: 'viewsPerProject',
  plural: 'saved views in this project',
  actions: { created: 'view.created', updated: 'view.updated', deleted: 'view.deleted' },
};

const PAGES = ['overview', 'events'] as const;

const SEARCH_LENGTH_MAX = 4_000;

const FIELDS = {
  page: Type.Enum([...PAGES], { description: 'The page of the dashboard that it opens.' }),
  name: Type.String({ ...NAME_RULES, description: 'Name of the view.' }),
  search: Type.String({
    maxLength: SEARCH_LENGTH_MAX,
    description:
      'The query of the URL of the page, without `?`: apps, days, filters and what else the page shows.',
  }),
};

const EXAMPLE = { page: 'events', name: 'Purchases in Germany', search: 'range=30d&country=DE' };

/** The body of a request to save a view. */
export const NEW_VIEW = component('NewView', closedObject(FIELDS), { examples: [EXAMPLE] });

/** The body of a request to change a saved view. */
export const VIEW_CHANGES = component(
  'ViewChanges',
  Type.Object(
    { name: Type.Optional(FIELDS.name), search: Type.Optional(FIELDS.search) },
    { additionalProperties: false, minProperties: 1 },
  ),
);

/** The JSON of a saved view. */
export const VIEW_JSON = component(
  'View',
  closedObject({
    id: Type.String({ description: 'Identifies the view.' }),
    ...FIELDS,
    created_at: Type.String({ format: 'date-time', description: 'When it was created.' }),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
  }),
  {
    description: 'A page of the dashboard with its filters, saved under a name.',
    examples: [
      {
        id: 'view_01K9ZV0Q6T4M8XJ2R5C7N3B1WF',
        ...EXAMPLE,
        created_at: '2026-11-22T10:00:00.000Z',
        updated_at: '2026-11-22T10:00:00.000Z',
      },
    ],
  },
);

/** What is stored of a view. */
export type ViewContent = Static<typeof NEW_VIEW>;

/** Returns the members to store. Throws 422 if an API key was pasted into a text. */
export function toViewContent<Content extends Partial<ViewContent>>(given: Content): Content {
  const { name, search } = given;
  requireNoKeysIn({ name, search });
  return name === undefined ? given : { ...given, name: name.trim() };
}

/** Returns a saved view as JSON. */
export function toViewJson({
  id,
  content,
  createdAt,
  updatedAt,
}: SavedItem<ViewContent>): Static<typeof VIEW_JSON> {
  return {
    id,
    ...content,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  };
}
