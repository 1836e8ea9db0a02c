-- `$identify` was stored before links had an effect. The start after this derives the persons; may run twice.
INSERT INTO links (project_id, app_id, id, is_target, other, timestamp, event_id, verified)
SELECT project_id, app_id, if(is_target = 1, app_user_id, anonymous_id) AS id, is_target,
  if(is_target = 1, anonymous_id, app_user_id) AS other, timestamp, event_id, verified
FROM (
  SELECT *, JSONExtractString(properties, 'anonymous_id') AS anonymous_id FROM events WHERE event_name = '$identify'
) ARRAY JOIN [toUInt8(0), toUInt8(1)] AS is_target
WHERE anonymous_id != '' AND anonymous_id != app_user_id;
