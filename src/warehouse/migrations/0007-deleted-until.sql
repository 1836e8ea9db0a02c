-- Until when the events of a project were deleted by their age. What is derived of them stays as long as it is of use: a table
-- that is derived again keeps its rows of that time.
CREATE TABLE IF NOT EXISTS deleted_until (
  project_id LowCardinality(String),
  until SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY project_id
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- While events are deleted by their age: the IDs of people who have nothing newer. Empty otherwise. `block` is the highest when that
-- was decided.
CREATE TABLE IF NOT EXISTS forgotten_ids (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  id String CODEC(ZSTD(1)),
  block UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
ORDER BY (project_id, app_id, id)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;
