/**
 * Adding and removing jobs, as scripts inside Redis. A job that is added is what BullMQ 6.7 would have left (its
 * addPrioritizedJob and addDelayedJob), so BullMQ's workers take it; and it has its place in the order at once. What
 * nobody reads is not written: the events of adding, the counters for ids and for BullMQ's own order.
 */
import { COMMON, FORGET } from './order-scripts.ts';

/** Jobs that came due before; they get their places first. */
const SWEPT_JOBS = 200;

/**
 * All jobs or none: the first write is one that Redis refuses when it is full, read-only or without its disk. A job
 * whose id is there is left as it is. ARGV from 2, of each job: id, org, data, class, delay in ms. Time is that of Redis,
 * which also says when a delayed job is due.
 * Answers with how many are new.
 */
export const ADD = `${COMMON}
local timestamp = string.format('%.0f', now)
local added, placed, delayed = 0, 0, 0

local function store(job, data, class, delay)
  local opts = '{"attempts":1,"removeOnComplete":true,"removeOnFail":true,"jobId":"' .. job .. '","priority":' .. class
  if delay ~= '0' then opts = opts .. ',"delay":' .. delay end
  call('HSET', prefix .. job, 'name', 'run', 'data', data, 'opts', opts .. '}', 'timestamp', timestamp,
    'delay', delay, 'priority', class)
end

-- Those of one millisecond go in the order in which they came, up to 4096 of them.
local function delay_until(job, at)
  local first, last = at * 4096, (at + 1) * 4096 - 1
  local found = call('ZREVRANGEBYSCORE', prefix .. 'delayed', last, first, 'WITHSCORES', 'LIMIT', 0, 1)
  local score = found[2] and math.min(tonumber(found[2]) + 1, last) or first
  call('ZADD', prefix .. 'delayed', score, job)
end

local function add(job, id, data, class, delay)
  if call('EXISTS', prefix .. job) == 1 then return end
  store(job, data, class, delay)
  added = added + 1
  class = tonumber(class)
  if delay ~= '0' then
    delay_until(job, now + tonumber(delay))
    delayed = delayed + 1
  elseif has_parked(id) and not has_slot_before(job, id) then
    park(job, id, class)
  else
    place(job, org_of(id), class)
    placed = placed + 1
  end
end

local function is_paused_or_maxed()
  local meta = call('HMGET', prefix .. 'meta', 'paused', 'concurrency')
  if meta[1] then return true end
  return meta[2] and call('LLEN', prefix .. 'active') >= tonumber(meta[2])
end

call('SET', own .. 'turn', string.format('%.0f', turn))
local swept = sweep(${SWEPT_JOBS})
for i = 2, #ARGV, 5 do add(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]) end
if delayed > 0 then
  local first = call('ZRANGE', prefix .. 'delayed', 0, 0, 'WITHSCORES')[2]
  call('ZADD', prefix .. 'marker', tonumber(first) / 4096, '1')
end
if swept + placed > 0 then save() end
if placed > 0 and not is_paused_or_maxed() then wake_workers() end
return added
`;

/** Removes a job that no worker has. ARGV[2]: its id. */
export const DISCARD = `${FORGET}
local key = prefix .. ARGV[2]
if call('EXISTS', key .. ':lock') == 0 then
  call('ZREM', prefix .. 'delayed', ARGV[2])
  call('ZREM', prefix .. 'prioritized', ARGV[2])
  call('LREM', prefix .. 'wait', 1, ARGV[2])
  call('LREM', prefix .. 'active', 1, ARGV[2])
  call('DEL', key, key .. ':logs')
end
`;
