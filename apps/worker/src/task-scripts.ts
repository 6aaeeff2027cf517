/**
 * The worker's Lua: each is one decision that must not be torn apart by a crash or by another worker.
 * Keys are named by `task-state.ts`; times are milliseconds of the Redis server's clock.
 */

/** Adds an event to the stream, its `atMs` (sent as -1) on the call's media clock. */
const EMIT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function emit(events, state, json)
  local startedAtMs = tonumber(redis.call('HGET', state, 'startedAtMs') or now)
  local atMs = string.format('%.0f', math.max(0, now - startedAtMs))
  redis.call('XADD', events, 'MAXLEN', '~', '100000', '*', 'json', (string.gsub(json, '"atMs":%-1', '"atMs":' .. atMs, 1)))
end
`;

/** KEYS events, call state. ARGV event. */
export const REPORT = `${EMIT}
emit(KEYS[1], KEYS[2], ARGV[1])
`;

/**
 * May this task start? Takes its leases in the same step. What was answered is not run again; a failure is.
 * A tenant is held to its share only while another one is there to have the rest: one that came within
 * the last ten seconds.
 * KEYS void, delivered, call state, call leases, tenant leases, events, tenants of late
 * ARGV epoch, outlives (0|1), job id, lease ms, most per call, most per tenant, started event, tenant
 */
export const BEGIN = `${EMIT}
local voidBelow = redis.call('GET', KEYS[1])
if voidBelow and tonumber(ARGV[1]) < tonumber(voidBelow) then return 'void' end
local told = redis.call('HGET', KEYS[2], 'end')
if told and told ~= 'failed' and told ~= 'timed-out' then return 'delivered' end
if ARGV[2] == '0' and redis.call('HEXISTS', KEYS[3], 'ended') == 1 then return 'ended' end
redis.call('ZADD', KEYS[7], now, ARGV[8])
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now - 10000)
local tenantLimit = redis.call('ZCARD', KEYS[7]) > 1 and tonumber(ARGV[6]) or math.huge
for i, limit in ipairs({tonumber(ARGV[5]), tenantLimit}) do
  local leases = KEYS[3 + i]
  redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
  if not redis.call('ZSCORE', leases, ARGV[3]) and redis.call('ZCARD', leases) >= limit then
    return i == 1 and 'call-busy' or 'tenant-busy'
  end
end
for i = 4, 5 do
  redis.call('ZADD', KEYS[i], now + ARGV[4], ARGV[3])
  redis.call('PEXPIRE', KEYS[i], ARGV[4] * 2)
end
emit(KEYS[6], KEYS[3], ARGV[7])
return 'go'
`;

/**
 * Parks a job that found its call or tenant busy, unless a place became free meanwhile.
 * KEYS leases, parked. ARGV job id, limit, rank. Answers 1 when it should be promoted at once.
 */
export const PARK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then return 1 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[2], 3600000)
return 0
`;

/**
 * Gives the leases back. KEYS call leases, tenant leases, call's parked, tenant's parked. ARGV job id.
 * Answers the ids of the jobs that may try next: at most one each.
 */
export const RELEASE = `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
local next = {}
for i = 3, 4 do
  local popped = redis.call('ZPOPMIN', KEYS[i])
  if popped[1] then next[#next + 1] = popped[1] end
end
return next
`;

/**
 * Hands a finding to the bridge and to the call's events, once. Only a dead letter that was retried may
 * speak again, and only to bring the answer.
 * KEYS void, delivered, call state, inbox, events, durations
 * ARGV epoch, mark ("end" or "p<n>"), outcome, command or "", event, dropped event, took ms or "", inbox limit
 * Answers delivered | stale | duplicate | call-over.
 */
export const DELIVER = `${EMIT}
local voidBelow = redis.call('GET', KEYS[1])
if voidBelow and tonumber(ARGV[1]) < tonumber(voidBelow) then
  if redis.call('HSETNX', KEYS[2], 'stale', ARGV[3]) == 1 then emit(KEYS[5], KEYS[3], ARGV[6]) end
  redis.call('PEXPIRE', KEYS[2], 86400000)
  return 'stale'
end
local told = redis.call('HGET', KEYS[2], ARGV[2])
local mended = (told == 'failed' or told == 'timed-out') and (ARGV[3] == 'found' or ARGV[3] == 'not-found')
if told and not mended then return 'duplicate' end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], 86400000)
if ARGV[7] ~= '' then
  redis.call('LPUSH', KEYS[6], ARGV[7])
  redis.call('LTRIM', KEYS[6], 0, 49)
end
emit(KEYS[5], KEYS[3], ARGV[5])
if ARGV[4] == '' then return 'delivered' end
if redis.call('HEXISTS', KEYS[3], 'ended') == 1 then return 'call-over' end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[8], '*', 'json', ARGV[4])
return 'delivered'
`;
