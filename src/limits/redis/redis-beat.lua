-- Heartbeat of a process, or with 'leave' its removal. Returns the number of live processes. KEYS: the set of processes.
-- ARGV: 'stay' or 'leave', and the id of this process. Entries in the future date from before the server's clock stepped back.
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local key, liveMs = KEYS[1], 5000
-- A value of another type was not written by this script: overwrite it, as with a bucket.
local kind = redis.call('TYPE', key).ok
if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', key) end
if ARGV[1] == 'stay' then
  redis.call('ZADD', key, string.format('%.0f', nowMs), ARGV[2])
else
  redis.call('ZREM', key, ARGV[2])
end
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('(%.0f', nowMs - liveMs))
redis.call('ZREMRANGEBYSCORE', key, string.format('(%.0f', nowMs + liveMs), '+inf')
redis.call('PEXPIRE', key, 2 * liveMs)
return redis.call('ZCARD', key)
