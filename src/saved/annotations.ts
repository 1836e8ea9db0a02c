import { type Static, Type } from 'typebox';
import { requireNoKeysIn } from '../api/validate.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { SavedItem, SavedKind } from './saved-items.ts';

/** Annotations, as a kind of what a project saves. */
export const ANNOTATIONS: SavedKind = {
  kind: 'annotation',
  idPrefix: 'ann',
  cap: 'annotationsPerProject',
  plural: 'annotations in this project',
  actions: { created: 'annotation.created', deleted: 'annotation.deleted' },
};

const FIELDS = {
  date: Type.String({ format: 'date', description: 'The day that is marked on charts.' }),
  text: Type.String({
    minLength: 1,
    maxLength: 120,
    pattern: '\\S',
    description: 'What happened, such as `Version 2.4` or `Spring campaign`.',
  }),
};

const EXAMPLE = { date: '2026-11-22', text: 'Version 2.4' };

/** The body of a request to create an annotation. */
export const NEW_ANNOTATION = component('NewAnnotation', closedObject(FIELDS), { examples: [EXAMPLE] });

/** The JSON of an annotation. */
export const ANNOTATION_JSON = component(
  'Annotation',
  closedObject({
    id: Type.String({ description: 'Identifies the annotation.' }),
    ...FIELDS,
    created_at: Type.String({ format: 'date-time', description: 'When it was created.' }),
  }),
  {
    description: 'A note about a day, shown on charts.',
    examples: [{ id: 'ann_01K9ZV0Q6T4M8XJ2R5C7N3B1WE', ...EXAMPLE, created_at: '2026-11-22T10:00:00.000Z' }],
  },
);

/** What is stored of an annotation. */
export type AnnotationContent = Static<typeof NEW_ANNOTATION>;

/** Returns the content to store. Throws 422 if an API key was pasted into the text. */
export function toAnnotationContent({ date, text }: Static<typeof NEW_ANNOTATION>): AnnotationContent {
  requireNoKeysIn({ text });
  return { date, text: text.trim() };
}

/** Returns an annotation as JSON. */
export function toAnnotationJson({
  id,
  content,
  createdAt,
}: SavedItem<AnnotationContent>): Static<typeof ANNOTATION_JSON> {
  return { id, ...content, created_at: new Date(createdAt).toISOString() };
}
