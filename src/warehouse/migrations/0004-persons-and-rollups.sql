-- Names that start with `$` count in no metric, so they no longer make a user seen. Derived again as a whole; may run twice.
TRUNCATE TABLE users SYNC;

INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
SELECT project_id, app_id, app_user_id, timestamp, timestamp FROM events WHERE NOT startsWith(event_name, '$');

-- Each `$identify` twice, under each of its IDs, so that everything linked to an ID is found by the sort key.
CREATE TABLE IF NOT EXISTS links (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  id String CODEC(ZSTD(1)),
  is_target UInt8,
  other String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  verified UInt8
) ENGINE = ReplacingMergeTree
ORDER BY (project_id, app_id, id, is_target, timestamp, event_id, other, verified)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- IDs that belong to a person of another ID, resolved from the links. `person` is the ID itself if that is no longer so.
CREATE TABLE IF NOT EXISTS person_ids (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  id String CODEC(ZSTD(1)),
  person String CODEC(ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, app_id, id)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- What `$set`, `$set_once` and `$identify` said about a property of a user. `value` is JSON, `null` removes.
CREATE TABLE IF NOT EXISTS user_properties (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  app_user_id String CODEC(ZSTD(1)),
  name String CODEC(ZSTD(1)),
  is_once UInt8,
  timestamp DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  verified UInt8,
  value String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
ORDER BY (project_id, app_id, app_user_id, name, is_once, timestamp, received_at, event_id, verified)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- Rollups: what a day of an app in its time zone consists of. `day` counts from 1970-01-01, `user` is the sipHash64 of the
-- app_user_id. Only rows of the version that `rollup_days` names count, so that deriving a day again replaces it. Versions of a
-- day take turns in two slots: merging drops the version before the last one, never the one that queries read.
CREATE TABLE IF NOT EXISTS user_days (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  day Int32,
  slot UInt8,
  user UInt64,
  events UInt32,
  sessions Array(UInt64),
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, app_id, day, slot, user)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS user_day_values (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  day Int32,
  slot UInt8,
  user UInt64,
  event_name LowCardinality(String),
  platform LowCardinality(String),
  country LowCardinality(String),
  app_version LowCardinality(String),
  events UInt32,
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, app_id, day, slot, user, event_name, platform, country, app_version)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS revenue_days (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  day Int32,
  slot UInt8,
  currency LowCardinality(String),
  verified UInt8,
  event_name LowCardinality(String),
  platform LowCardinality(String),
  country LowCardinality(String),
  app_version LowCardinality(String),
  amount Decimal(38, 6),
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, app_id, day, slot, currency, verified, event_name, platform, country, app_version)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- Which version of each day counts, how many rows it has, and up to which block of `events` it goes. `version` 0 of a day that must
-- be derived again.
-- The row without a project says up to which block all changed days are listed.
CREATE TABLE IF NOT EXISTS rollup_days (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  day Int32,
  timezone LowCardinality(String),
  version UInt64,
  row_count UInt64,
  block UInt64,
  written UInt64
) ENGINE = ReplacingMergeTree(written)
ORDER BY (project_id, app_id, day)
SETTINGS ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1;
