-- An id counts once for each app, and apart for client keys, which anyone can read, and server keys (`verified`).
-- Empty: the repair at each start derives what `events` has and this table has not, in steps, and goes on after a kill.
-- Both statements may run again until the file is recorded as applied; nothing is derived before that.
DROP TABLE IF EXISTS event_ids SYNC;

CREATE TABLE IF NOT EXISTS event_ids (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  app_id LowCardinality(String),
  verified UInt8,
  block UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
ORDER BY (project_id, event_id, app_id, verified)
SETTINGS index_granularity = 1024, ratio_of_defaults_for_sparse_serialization = 1, min_parts_to_merge_at_once = 10,
  fsync_after_insert = 1, fsync_part_directory = 1;
