import type { Annotation, CompleteList, NewAnnotation } from '../api/saved.ts';
import type { Caller, CallOptions, IdempotencyOptions } from './call.ts';

/** The annotations of the project, which charts show. */
export type Annotations = {
  /**
   * Marks a day, such as a release or a campaign, and returns the annotation.
   * @example
   * ```ts
   * const { id } = await admin.annotations.create({ date: '2026-11-22', text: 'Version 2.4' });
   * console.log(id);
   * ```
   */
  create: (annotation: NewAnnotation, options?: IdempotencyOptions) => Promise<Annotation>;
  /**
   * Returns all annotations.
   * @example
   * ```ts
   * const { data } = await admin.annotations.list();
   * for (const { date, text } of data) console.log(date, text);
   * ```
   */
  list: (options?: CallOptions) => Promise<CompleteList<Annotation>>;
  /**
   * Deletes an annotation and returns it.
   * @example
   * ```ts
   * const { id } = await admin.annotations.create({ date: '2026-11-23', text: 'A mistake' });
   * await admin.annotations.delete(id);
   * ```
   */
  delete: (id: string, options?: CallOptions) => Promise<Annotation>;
};

/** Returns the annotation operations. */
export function createAnnotations({ call }: Caller): Annotations {
  return {
    create: (body, options) => call('annotations.create', { body, options }),
    list: (options) => call('annotations.list', { options }),
    delete: (id, options) => call('annotations.delete', { id, options }),
  };
}
