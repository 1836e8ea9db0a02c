-- MACs of the IDs of deleted events, which count as seen for another 30 days. A row without a MAC is for the filter of seen
-- IDs: the hashes of those that were added together, encrypted.
CREATE TABLE IF NOT EXISTS erased_ids (
  mac String CODEC(NONE),
  hashes String CODEC(NONE),
  erased_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
ORDER BY (mac, erased_at)
SETTINGS index_granularity = 1024, ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1,
  fsync_part_directory = 1;
