/** A request to erase a person; it contains no ID of the person. */
export type Erasure = {
  id: string;
  status: 'pending' | 'done';
  app_ids: string[];
  erased: { events: number; app_user_ids: number };
  requested_at: string;
  completed_at: string | null;
};

/** `app_id: 'all'` erases the person in every app that the key can access. */
export type EraseQuery = { app_id?: string };
