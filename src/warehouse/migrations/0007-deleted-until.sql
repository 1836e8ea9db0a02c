-- Until when the events of a project were deleted by their age. What is derived of them stays as long as it is of use: a table
-- that is derived again keeps its rows of that time.
CREATE TABLE IF NOT EXISTS deleted_until (
  project_id LowCardinality(String),
  until SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY project_id
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;
