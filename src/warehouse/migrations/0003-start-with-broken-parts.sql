-- However much of a table is damaged, it opens with the rest, so that a start can say what is lost and how much.
-- Without this the engine refuses a table with more than 1 GB of broken parts, and says why only on standard error.
-- Where this is applied, `ledger.json` was written before.
ALTER TABLE events MODIFY SETTING max_suspicious_broken_parts = 1000000000, max_suspicious_broken_parts_bytes = 1000000000000000;

ALTER TABLE event_ids MODIFY SETTING max_suspicious_broken_parts = 1000000000, max_suspicious_broken_parts_bytes = 1000000000000000;

ALTER TABLE users MODIFY SETTING max_suspicious_broken_parts = 1000000000, max_suspicious_broken_parts_bytes = 1000000000000000;
