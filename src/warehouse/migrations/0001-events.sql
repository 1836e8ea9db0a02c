-- One row an event. `block` is the writer's insert that brought it: what a crash left out of the derived
-- tables are the blocks above their highest. It has no index, which every insert would sync to disk twice; only
-- a start reads it, all of it.
-- Columns of few values stay with LZ4, which is cheaper to write. `min_parts_to_merge_at_once`: small blocks
-- arrive many times a second, and merging them by twos and threes cost as much as writing them.
-- Small granules, in blocks of as little: the events of one person are far apart, and each costs reading one granule of every column.
-- Stores from before have granules of 8,192 rows, which the engine does not change.
CREATE TABLE IF NOT EXISTS events (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  event_name String,
  app_user_id String CODEC(ZSTD(1)),
  session_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  properties String CODEC(ZSTD(1)),
  revenue Nullable(Decimal(24, 6)),
  currency String,
  key_id String,
  verified UInt8,
  platform String,
  os_version String,
  app_version String,
  country String,
  locale String,
  device_model String,
  sdk String,
  block UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYear(timestamp)
ORDER BY (project_id, app_id, timestamp, event_id)
SETTINGS index_granularity = 1024, min_compress_block_size = 16384, min_parts_to_merge_at_once = 10,
  fsync_after_insert = 1, fsync_part_directory = 1;

-- The ids that count as seen, written after their events: an id never counts without its event.
-- Small granules: a look-up reads one for each id.
CREATE TABLE IF NOT EXISTS event_ids (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  app_id LowCardinality(String),
  block UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
ORDER BY (project_id, event_id)
SETTINGS index_granularity = 1024, ratio_of_defaults_for_sparse_serialization = 1, min_parts_to_merge_at_once = 10,
  fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS users (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  app_user_id String CODEC(ZSTD(1)),
  first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY (project_id, app_id, app_user_id)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, min_parts_to_merge_at_once = 10,
  fsync_after_insert = 1, fsync_part_directory = 1;
