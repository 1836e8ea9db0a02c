-- Charges all buckets of one request or none, and returns what each owed before, in ticks. From that the caller decides
-- with decide.ts, which must reach the same result as `fits` here; debt.ts has the same arithmetic: change both.
--
-- KEYS: the buckets. ARGV: the time in microseconds ('' uses the server's clock), 'charge' or 'refusal' (which is never
-- denied), then for each bucket: cost, ticksPerUs, unitTicks, burstTicks, unitUs.
-- A bucket is "<us> <ticks> <unitUs>". Any other value counts as a full bucket and is overwritten.
local now, keptMs = tonumber(ARGV[1]), 0
if now then
  keptMs = 3600000 -- a test's clock may not move, but the server expires keys by its own
else
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local limits, owed, outdated, fits = {}, {}, {}, true
local values = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  local at = 5 * i - 2
  local unitUs = ARGV[at + 4]
  local cost, perUs, unit, burst = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local us, ticks, unitText = string.match(values[i] or '', '^(%d+) (%d+) (%d%S*)$')
  local countedUs = tonumber(unitText or '')
  local debt = 0
  if countedUs and countedUs > 0 then
    if unitText == unitUs then
      debt = (us - now) * perUs + ticks
    else
      local owedUs = math.max(0, us - now + (tonumber(ticks) > 0 and 1 or 0))
      debt = math.ceil(owedUs / countedUs * unit)
      outdated[i] = true
    end
    if debt > burst then outdated[i] = true end
    debt = math.min(math.max(debt, 0), burst)
  end
  limits[i] = { cost = cost, perUs = perUs, unit = unit, burst = burst, unitUs = unitUs }
  owed[i] = debt
  if debt + cost * unit > burst then fits = false end
end

local spends = fits or ARGV[2] == 'refusal'
for i, limit in ipairs(limits) do
  local spent = spends and limit.cost ~= 0
  if spent or outdated[i] then
    local debt = owed[i]
    if spent then debt = math.min(math.max(debt + limit.cost * limit.unit, 0), limit.burst) end
    if debt > 0 then
      local wholeUs = math.floor(debt / limit.perUs)
      -- tostring() keeps 14 digits, too few for a time in microseconds.
      local text = string.format('%.0f %.0f %s', now + wholeUs, debt - wholeUs * limit.perUs, limit.unitUs)
      redis.call('SET', KEYS[i], text, 'PX', string.format('%.0f', math.floor(wholeUs / 1000) + 1 + keptMs))
    elseif values[i] then
      redis.call('DEL', KEYS[i])
    end
  end
end
return owed
