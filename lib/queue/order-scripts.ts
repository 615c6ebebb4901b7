/**
 * The order of the queue, as scripts inside Redis: fair between orgs (start-time fair queueing, Goyal 1996, every run
 * costing one turn), by priority within an org, and within the orgs' limits of runs in flight.
 *
 * BullMQ adds every job with a small priority, its class (job.ts), and orders its `prioritized` set by scores below
 * 2^37. Here a job gets its place: a score above that, made of the number of a turn and the class. Invariants:
 * 1. Turns only grow. `turn` is the latest one in which a run has started; nothing starts anew, nothing overflows.
 * 2. At most one run of an org starts in a turn. A job whose turn its org has used is given a later one.
 * 3. A job gets the first turn after those of its org's jobs of the same and of more urgent classes, so a more urgent
 *    one overtakes them; those that it overtakes lose their turn to it when theirs comes (2).
 * 4. What is kept per org goes when the org has no turn from now on, and when nothing is queued.
 * 5. A job that has no place yet (new, or due after a delay) comes first, but does not start before it has one.
 */

/**
 * Runs of an org that waits for a free slot are looked at again after so long, ms, should nobody call them. Each has its
 * own moment in a span after it: those that were parked together must not come due together.
 */
const PARKED_MS = 600_000;
const PARKED_SPAN_MS = 1_200_000;
/** A called run keeps its slot for so long, ms, until a worker has taken its job. */
const RESERVED_MS = 30_000;
/** Parked jobs that are gone and that one call gets out of the way. */
const LOST_JOBS = 200;

/** KEYS[1] is any key of the queue (for the slot of a cluster), ARGV[1] the prefix of all others. */
export const COMMON = `
local call, prefix = redis.call, ARGV[1]
local own = prefix .. 'vespid:'
local PLACED, CLASSES, PER_PRIORITY = 137438953472, 32, 4294967296
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = tonumber(call('GET', own .. 'turn')) or 0
local orgs = {}

local function org_of(id)
  local org = orgs[id]
  if not org then
    local packed = call('HGET', own .. 'orgs', id)
    org = packed and cmsgpack.unpack(packed) or { last = 0, queued = 0, tails = {}, moved = {} }
    orgs[id] = org
  end
  return org
end

local function tail(tails, class)
  local found = 0
  for key, value in pairs(tails) do
    if tonumber(key) <= class and value > found then found = value end
  end
  return found
end

local function score_of(at, class) return PLACED + at * CLASSES + class end

-- The turn after all of the org that go before it: for a new job, and for one that has lost its turn.
local function next_turn(org, class)
  return math.max(turn, org.last, tail(org.tails, class)) + 1
end
local function later_turn(org, class)
  return math.max(turn, org.last, tail(org.tails, class - 1), tail(org.moved, class)) + 1
end

local function put(job, org, class, at)
  call('HSET', prefix .. job, 'turn', at)
  call('ZADD', prefix .. 'prioritized', string.format('%.0f', score_of(at, class)), job)
  org.queued = org.queued + 1
end
local function place(job, org, class)
  local at = next_turn(org, class)
  org.tails[tostring(class)] = at
  put(job, org, class, at)
end
local function move(job, org, class)
  local at = later_turn(org, class)
  org.moved[tostring(class)] = at
  put(job, org, class, at)
end
local function wake_workers() call('ZADD', prefix .. 'marker', 0, '0') end

local function has_parked(id) return call('EXISTS', own .. 'parked:' .. id) == 1 end
-- The class orders an org's parked jobs, then their ids: the oldest first.
local function park(job, id, class)
  call('ZADD', own .. 'parked:' .. id, class, job)
  call('SADD', own .. 'parked-orgs', id)
  -- The end of a run's id is random.
  local share = (tonumber(string.sub(job, 33, 36), 16) or 0) / 65536
  local delay = ${PARKED_MS} + math.floor(share * ${PARKED_SPAN_MS})
  call('ZADD', prefix .. 'delayed', string.format('%.0f', (now + delay) * 4096), job)
  call('HSET', prefix .. job, 'delay', delay)
end

-- A slot is of a job: the next generation of a run takes it over, so that who lets go late takes nothing from it.
local function slots_of(id) return own .. 'slots:' .. id end
local function generation_before(job)
  local run, generation = string.match(job, '^(.*)-(%d+)$')
  return run and run .. '-' .. string.format('%.0f', tonumber(generation) - 1) or ''
end
local function has_slot_before(job, id) return call('ZSCORE', slots_of(id), generation_before(job)) end

-- Gives places to jobs that have none; with keeps_lost, ids without a job stay. How many of them it has dealt with.
local function sweep(limit, keeps_lost)
  local found = call('ZRANGEBYSCORE', prefix .. 'prioritized', '-inf', '(' .. string.format('%.0f', PLACED),
    'WITHSCORES', 'LIMIT', 0, limit)
  local done = 0
  for i = 1, #found, 2 do
    local job = found[i]
    local class = math.min(CLASSES - 1, math.floor(tonumber(found[i + 1]) / PER_PRIORITY))
    local fields = call('HMGET', prefix .. job, 'data', 'turn')
    local data, had_place = fields[1], fields[2]
    local id = data and string.match(data, '"orgId":"([%x-]+)"')
    -- It was delayed by a worker that had not asked for it: the place it had is counted still.
    if id and had_place then
      call('HDEL', prefix .. job, 'turn')
      org_of(id).queued = org_of(id).queued - 1
    end
    if not data then
      if not keeps_lost then call('ZREM', prefix .. 'prioritized', job) end
    elseif id and has_parked(id) and not has_slot_before(job, id) then
      call('ZREM', prefix .. 'prioritized', job)
      park(job, id, class)
    elseif id then
      place(job, org_of(id), class)
    end
    if not data or id then done = done + 1 end
  end
  return done
end

local function free_slots(id, limit)
  call('ZREMRANGEBYSCORE', slots_of(id), '-inf', now)
  return limit - call('ZCARD', slots_of(id))
end
local function take_slot(id, job, until_ms)
  call('ZADD', slots_of(id), until_ms, job)
  call('PEXPIRE', slots_of(id), math.max(until_ms - now, ${RESERVED_MS}) * 2)
end

-- Calls parked jobs of an org for its free slots, which are kept for them; limit -1: as many as max. How many came.
local function call_parked(id, limit, max)
  local parked, called = own .. 'parked:' .. id, 0
  local free = limit < 0 and max or math.min(max, free_slots(id, limit))
  for _ = 1, max + ${LOST_JOBS} do
    local job = free > 0 and call('ZRANGE', parked, 0, 0)[1]
    if not job then break end
    call('ZREM', parked, job)
    -- One that is no longer delayed was removed, or came due meanwhile.
    if call('ZREM', prefix .. 'delayed', job) == 1 then
      local class = tonumber(call('HGET', prefix .. job, 'priority')) or 1
      call('HSET', prefix .. job, 'delay', 0)
      if limit >= 0 then take_slot(id, job, now + ${RESERVED_MS}) end
      move(job, org_of(id), class)
      called, free = called + 1, free - 1
    end
  end
  if not has_parked(id) then call('SREM', own .. 'parked-orgs', id) end
  if called > 0 then wake_workers() end
  return called
end

local function save()
  call('SET', own .. 'turn', string.format('%.0f', turn))
  if call('EXISTS', prefix .. 'prioritized') == 0 then
    call('DEL', own .. 'orgs', own .. 'ends')
    return
  end
  for id, org in pairs(orgs) do
    if org.queued <= 0 then org.queued, org.tails, org.moved = 0, {}, {} end
    call('HSET', own .. 'orgs', id, cmsgpack.pack(org))
    call('ZADD', own .. 'ends', math.max(org.last, tail(org.tails, CLASSES), tail(org.moved, CLASSES)), id)
  end
  for _, id in ipairs(call('ZRANGEBYSCORE', own .. 'ends', '-inf', '(' .. string.format('%.0f', turn), 'LIMIT', 0, 50)) do
    call('HDEL', own .. 'orgs', id)
    call('ZREM', own .. 'ends', id)
  end
end
`;

/** What becomes of a job that a worker takes; behind COMMON. */
export const ENTERING = `
local function goes_first(job, score)
  local first = call('ZRANGE', prefix .. 'prioritized', 0, 0, 'WITHSCORES')
  if not first[1] then return true end
  local other = tonumber(first[2])
  return other > score or (other == score and first[1] > job)
end

-- at: the place it had. stays_whole: says of a job that may not start whether it is still there, and as a whole.
-- 1 = it starts, 0 = it is back in the queue, 2 = it is parked.
local function enter(job, id, class, limit, at, hold_ms, stays_whole)
  local org = org_of(id)
  if at then
    call('HDEL', prefix .. job, 'turn')
    org.queued = org.queued - 1
  end
  local needs_slot = limit >= 0
  if needs_slot then call('ZREM', slots_of(id), generation_before(job)) end
  if needs_slot and free_slots(id, limit) <= 0 and not call('ZSCORE', slots_of(id), job) then
    if at then turn = math.max(turn, at) end
    if stays_whole(job) then park(job, id, class) end
    return 2
  end
  local had_place = at ~= nil
  if not had_place or at <= org.last then
    at = had_place and later_turn(org, class) or next_turn(org, class)
    if not goes_first(job, score_of(at, class)) then
      if stays_whole(job) then
        if had_place then move(job, org, class) else place(job, org, class) end
        wake_workers()
      end
      return 0
    end
  end
  org.last = math.max(org.last, at)
  turn = math.max(turn, at)
  if needs_slot then take_slot(id, job, now + hold_ms) end
  return 1
end
`;

/**
 * A worker has taken jobs. ARGV[2]: how long a slot is held without renewal, ms; [3]: how many jobs to sweep; then of each
 * job: id, org, class, limit of runs in flight (-1: none).
 * Answers for each: 1 = it starts, 0 = it has been given back to the queue, 2 = it is parked.
 */
export const ENTER = `${COMMON}${ENTERING}
local answers = {}
sweep(tonumber(ARGV[3]))

local function leave_active(job)
  call('DEL', prefix .. job .. ':lock')
  call('SREM', prefix .. 'stalled', job)
  return call('LREM', prefix .. 'active', 1, job) == 1 and call('HEXISTS', prefix .. job, 'data') == 1
end

for i = 4, #ARGV, 4 do
  local job, at = ARGV[i], tonumber(call('HGET', prefix .. ARGV[i], 'turn'))
  local class, limit = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  answers[#answers + 1] = enter(job, ARGV[i + 1], class, limit, at, tonumber(ARGV[2]), leave_active)
end
save()
return answers
`;

/** Runs have let go of their slots. ARGV from 2: of each: org, job, limit. */
export const LEAVE = `${COMMON}
for i = 2, #ARGV, 3 do
  call('ZREM', slots_of(ARGV[i]), ARGV[i + 1])
  if has_parked(ARGV[i]) then call_parked(ARGV[i], tonumber(ARGV[i + 2]), 1) end
end
save()
`;

/** Runs of one org that go on. ARGV[2]: the org; [3]: how long they hold their slots, ms; then their jobs. */
export const RENEW = `${COMMON}
for i = 4, #ARGV do take_slot(ARGV[2], ARGV[i], now + tonumber(ARGV[3])) end
`;

/** Slots have become free without anybody saying so. ARGV[2]: the org; [3]: its limit; [4]: how many at most. */
export const CALL_PARKED = `${COMMON}
local called = call_parked(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
save()
return called
`;

/** A job is about to be removed. ARGV[2]: its id. */
export const FORGET = `${COMMON}
local found = call('HMGET', prefix .. ARGV[2], 'data', 'turn')
local id = found[1] and string.match(found[1], '"orgId":"([%x-]+)"')
if id then call('ZREM', own .. 'parked:' .. id, ARGV[2]) end
if id and found[2] and call('ZSCORE', prefix .. 'prioritized', ARGV[2]) then
  local org = org_of(id)
  org.queued = org.queued - 1
  call('HDEL', prefix .. ARGV[2], 'turn')
  -- One that was called has a slot kept for it.
  call('ZREM', slots_of(id), ARGV[2])
  save()
end
`;
