-- The rows of `user_days` of users who are in a link, so that counting persons need not look for them among all. Written again at each
-- start. Only versions that `rollup_days` names count, as in `user_days`.
CREATE TABLE IF NOT EXISTS linked_days (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  day Int32,
  slot UInt8,
  user UInt64,
  sessions Array(UInt64),
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, app_id, day, slot, user)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;
