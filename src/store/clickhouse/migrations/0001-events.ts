/**
 * The table of events. Partitions are what retention drops: one week, from Monday, for what was recorded here, one month
 * for what was imported. Each part that a look-up opens costs it about a millisecond, so 90 days must not be 90 partitions. A look-up knows account and Region, so these lead the key and time follows in reach of both. The key is all
 * that pages are ordered by: one column less, and the newest page sorts every row of its window instead of the first ones.
 *
 * A partition into which nothing was stored for an hour is merged into one part: a closed week costs a look-up one part, and
 * the open one is left alone while events come.
 *
 * Values that are looked up have an inverted index, each value a token (`array`), with the rows that hold it: no granule is
 * read in vain. It is built when parts are merged: for each of the hundred small parts of an import's segment it would cost
 * more than the insert itself. Until then a part has the cheaper `fresh_` indexes, which merges leave out. Event ids are all
 * different, so that theirs would be as large as the column; they have Bloom filters. A row of a page costs half a granule of
 * `raw` to decompress, so granules are small.
 *
 * A part is compact up to 16 GB (before compression, some 9 million events): in the wide form a small column is compressed
 * in blocks of many granules, and each row of a page decompresses one.
 *
 * The columns that look-ups ask are plain strings: in compact parts a column of low cardinality has a dictionary in each
 * granule, which costs more to read than the few bytes that repeated text is compressed to.
 *
 * `meta` and `raw` are kept byte for byte beside what is extracted from them: together with the sequence they are the
 * journal line, over which the hash chain runs.
 */
export const eventsMigration = {
  version: 1,
  name: 'events',
  statements: [
    `CREATE TABLE IF NOT EXISTS opentrail.events (
  journal_id LowCardinality(String),
  sequence UInt64 CODEC(Delta, ZSTD(1)),
  origin Enum8('live' = 1, 'import' = 2),
  event_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  account_id String CODEC(ZSTD(1)),
  region String CODEC(ZSTD(1)),
  event_name String CODEC(ZSTD(1)),
  event_source String CODEC(ZSTD(1)),
  event_type String CODEC(ZSTD(1)),
  event_category String CODEC(ZSTD(1)),
  read_only String CODEC(ZSTD(1)),
  error_code LowCardinality(String),
  user_name String CODEC(ZSTD(1)),
  access_key_id String CODEC(ZSTD(1)),
  user_identity_type LowCardinality(String),
  user_identity_arn String CODEC(ZSTD(1)),
  source_ip_address String CODEC(ZSTD(1)),
  request_id String CODEC(ZSTD(1)),
  verification LowCardinality(String),
  resource_types Array(LowCardinality(String)),
  resource_names Array(String) CODEC(ZSTD(1)),
  meta String CODEC(ZSTD(1)),
  raw String CODEC(ZSTD(1)),
  INDEX by_sequence sequence TYPE minmax GRANULARITY 4,
  INDEX by_event_id event_id TYPE bloom_filter(0.001) GRANULARITY 16,
  INDEX fresh_user_name user_name TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX fresh_access_key_id access_key_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX fresh_resource_names resource_names TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX fresh_event_name event_name TYPE set(200) GRANULARITY 4,
  INDEX by_user_name user_name TYPE text(tokenizer = 'array'),
  INDEX by_access_key_id access_key_id TYPE text(tokenizer = 'array'),
  INDEX by_resource_names resource_names TYPE text(tokenizer = 'array'),
  INDEX by_event_name event_name TYPE text(tokenizer = 'array')
) ENGINE = MergeTree
PARTITION BY (origin, toUInt32(if(origin = 'live', toYYYYMMDD(event_time - toIntervalDay(toDayOfWeek(event_time) - 1)), toYYYYMM(event_time))))
ORDER BY (account_id, region, event_time, journal_id, sequence)
SETTINGS index_granularity = 256,
  exclude_materialize_skip_indexes_on_merge = 'fresh_user_name, fresh_access_key_id, fresh_resource_names, fresh_event_name',
  min_age_to_force_merge_seconds = 3600,
  min_age_to_force_merge_on_partition_only = 1,
  min_bytes_for_wide_part = 17179869184,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_compressed_bytes_to_fsync_after_merge = 1,
  non_replicated_deduplication_window = 10000`,
  ],
} as const;
