/** An annotation to add: what happened on a day (YYYY-MM-DD). */
export type NewAnnotation = { date: string; text: string };

/** A note about a day, shown on charts. */
export type Annotation = NewAnnotation & { id: string; created_at: string };

/** A view to save: `search` is the query of the URL of the page, without `?`. */
export type NewView = { page: 'overview' | 'events'; name: string; search: string };

export type ViewChange = { name?: string; search?: string };

/** A page of the dashboard with its filters, saved under a name. */
export type View = NewView & { id: string; created_at: string; updated_at: string };

/** A list that always comes complete. */
export type CompleteList<T> = { data: T[]; next_cursor: null };
