/**
 * Taking jobs and giving them back, many in one script inside Redis. Jobs, lists and locks are those of BullMQ 6.7, so its
 * workers and its dashboards go on beside it. What nobody reads is not written: its events (but `stalled`), counters and
 * times. A job is locked when it is held for longer than a renewal takes to come: no stalled check can find it before.
 */
import { COMMON, ENTERING } from './order-scripts.ts';

/** Delayed jobs that one call promotes. */
const PROMOTED_JOBS = 500;

/** Behind COMMON: BullMQ's own order, which the next sweep turns into places. */
const PROMOTE = `
local function promote()
  local due = call('ZRANGEBYSCORE', prefix .. 'delayed', 0, (now + 1) * 4096 - 1, 'LIMIT', 0, ${PROMOTED_JOBS})
  if #due == 0 then return end
  call('ZREM', prefix .. 'delayed', unpack(due))
  for _, job in ipairs(due) do
    local class = tonumber(call('HGET', prefix .. job, 'priority')) or 0
    if class == 0 then
      call('LPUSH', prefix .. 'wait', job)
    else
      call('ZADD', prefix .. 'prioritized', class * PER_PRIORITY + call('INCR', prefix .. 'pc') % PER_PRIORITY, job)
    end
    call('HSET', prefix .. job, 'delay', 0)
  end
end
`;

/**
 * What a worker has to say and to ask, in one call; repeated, it does no harm. ARGV[2]: how many jobs it takes at most;
 * [3]: how long a slot is held without renewal, ms; [4]: how many jobs to sweep; [5]: how many are finished, [6]: how many
 * come back later, [7]: of how many orgs it knows the limit; then the finished, then job and delay in ms of those that come
 * back, then org and limit of runs in flight (-1: none).
 * Answers with the time until the next delayed job is due (ms, -1: there is none), then of each job that it has: id,
 * whether it has entered (1) or is to ask for it (0), priority, data (false: lost). It enters when its org is known.
 */
export const EXCHANGE = `${COMMON}${ENTERING}${PROMOTE}
local active, delayed = prefix .. 'active', prefix .. 'delayed'
local max_jobs, hold_ms, sweep_jobs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local finished, later, known = 7 + ARGV[5], 7 + ARGV[5] + ARGV[6] * 2, {}

-- One that is not active any more is somebody else's.
local function leave_active(job) return call('LREM', active, -1, job) == 1 end
if finished > 7 then call('SREM', prefix .. 'stalled', unpack(ARGV, 8, finished)) end
for i = 8, finished do
  if leave_active(ARGV[i]) then call('DEL', prefix .. ARGV[i], prefix .. ARGV[i] .. ':lock') end
end
-- Refused when Redis is read-only or without its disk, before anything is taken out of where it is. But not when it is
-- full: what is done makes room, and nothing else does.
call('PERSIST', own .. 'turn')

for i = finished + 1, later, 2 do
  local job = ARGV[i]
  if leave_active(job) then
    call('SREM', prefix .. 'stalled', job)
    call('DEL', prefix .. job .. ':lock')
    if call('HEXISTS', prefix .. job, 'data') == 1 then
      call('ZADD', delayed, string.format('%.0f', (now + ARGV[i + 1]) * 4096), job)
      call('HSET', prefix .. job, 'delay', ARGV[i + 1])
    else
      call('DEL', prefix .. job)
    end
  end
end
for i = later + 1, #ARGV, 2 do known[ARGV[i]] = tonumber(ARGV[i + 1]) end

local meta = call('HMGET', prefix .. 'meta', 'paused', 'concurrency')
local room = meta[1] and 0 or meta[2] and math.max(0, meta[2] - call('LLEN', active)) or 1000000
promote()
sweep(sweep_jobs, true)

local ids, taken = {}, {}
local waiting = call('LLEN', prefix .. 'wait')
local function next_job()
  if waiting > 0 then
    waiting = waiting - 1
    return call('RPOP', prefix .. 'wait')
  end
  return call('ZPOPMIN', prefix .. 'prioritized')[1]
end
local function is_whole() return true end
local function take(job)
  local fields = call('HMGET', prefix .. job, 'data', 'priority', 'turn')
  local data, class, has_entered = fields[1], tonumber(fields[2]) or 0, 0
  local id = data and string.match(data, '"orgId":"([%x-]+)"')
  if id and known[id] then
    has_entered = enter(job, id, class, known[id], tonumber(fields[3]), hold_ms, is_whole)
    if has_entered ~= 1 then return end
  end
  ids[#ids + 1] = job
  for _, value in ipairs({ job, has_entered, class, data or '' }) do taken[#taken + 1] = value end
end
for _ = 1, math.min(max_jobs, room) + sweep_jobs do
  local job = #ids < math.min(max_jobs, room) and next_job()
  if not job then break end
  take(job)
end
if #ids > 0 then call('LPUSH', active, unpack(ids)) end
if next(orgs) then save() end

local is_left = call('EXISTS', prefix .. 'prioritized', prefix .. 'wait') > 0
if is_left and room > #ids then wake_workers() end
local due = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
-- Who takes none may have taken the marker of another time.
if due and (later > finished or max_jobs == 0) then call('ZADD', prefix .. 'marker', due / 4096, '1') end
return { due and math.max(0, math.ceil(due / 4096) - now) or -1, unpack(taken) }
`;

/** Jobs that a worker goes on holding. ARGV[2]: its token; [3]: for how long, ms; then the jobs. */
export const HOLD = `${COMMON}
for i = 4, #ARGV do
  local lock = prefix .. ARGV[i] .. ':lock'
  local holder = call('GET', lock)
  if (not holder or holder == ARGV[2]) and call('EXISTS', prefix .. ARGV[i]) == 1 then
    call('SET', lock, ARGV[2], 'PX', ARGV[3])
    call('SREM', prefix .. 'stalled', ARGV[i])
  end
end
`;

/**
 * Jobs that were active at the last check and have no lock go back to the queue, once in a while, whoever asks.
 * ARGV[2]: how long there is no other check, ms. Answers with how many have gone back.
 */
export const CHECK_STALLED = `${COMMON}
local active, stalled = prefix .. 'active', prefix .. 'stalled'
if not call('SET', prefix .. 'stalled-check', now, 'PX', ARGV[2], 'NX') then return 0 end
local found, back = call('SMEMBERS', stalled), 0
call('DEL', stalled)
for _, job in ipairs(found) do
  if call('EXISTS', prefix .. job .. ':lock') == 0 and call('LREM', active, 1, job) == 1 then
    if call('HEXISTS', prefix .. job, 'data') == 1 then
      call('RPUSH', prefix .. 'wait', job)
      call('XADD', prefix .. 'events', 'MAXLEN', '~', 100, '*', 'event', 'stalled', 'jobId', job)
      back = back + 1
    else
      call('DEL', prefix .. job)
    end
  end
end
for _, job in ipairs(call('LRANGE', active, 0, -1)) do call('SADD', stalled, job) end
if back > 0 then wake_workers() end
return back
`;
