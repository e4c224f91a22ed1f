-- Keep the daemon's session like the project: tempo, meter, sample rate, play and stop, and the position while it plays.
-- It goes on until it is run again and terminated. Clips that a pad or another program asks for then fit the project, and
-- the actions that insert takes know them.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local STATUS = "/bridge/status"
local POSITION = 0.1 -- seconds between two tellings of the position
local PULSE = 2.0 -- seconds between two looks whether it is still the same daemon
local RETRY = 5.0 -- seconds after which a daemon that was not there is asked anew

local exchange, reason = bridge.exchange()
if not exchange then
  bridge.say(reason)
  return
end

local _, _, section, command = reaper.get_action_context()
local told, met, retry, placed, looked = {}, false, 0, 0, -PULSE
local process -- the daemon's, by which a new one is known
local clips = {} -- the takes of jobs that are being delivered

local function lit(state)
  reaper.SetToggleCommandState(section, command, state)
  reaper.RefreshToolbar2(section, command)
end

-- Return what there is to tell: the address and arguments by a word for each.
local function state(project)
  local plays = reaper.GetPlayStateEx(project) & 1 == 1
  local time = plays and reaper.GetPlayPositionEx(project) or reaper.GetCursorPositionEx(project)
  local num, denom, tempo = reaper.TimeMap_GetTimeSigAtTime(project, time)
  local rate = bridge.rate(project)
  local now = {
    tempo = { "/tempo/raw", tempo },
    meter = { "/time/signature", num .. " / " .. denom },
    plays = plays and { "/play", 1 } or { "/stop", 1 },
    rate = rate and { "/bridge/samplerate", rate },
  }
  if plays and reaper.time_precise() - placed >= POSITION then
    local beats, measures = reaper.TimeMap2_timeToBeats(project, time)
    local hundredths = math.floor(beats * 100)
    placed = reaper.time_precise()
    now.position = { "/beat/str", ("%d.%d.%02d"):format(measures + 1, hundredths // 100 + 1, hundredths % 100) }
  end
  return now
end

-- Return the messages of `now` that are news.
local function news(now)
  local messages = {}
  for _, word in ipairs({ "tempo", "meter", "rate", "plays", "position" }) do
    local message = now[word]
    local text = message and table.concat(message, " ")
    if text and told[word] ~= text then
      told[word] = text
      messages[#messages + 1] = message
    end
  end
  return messages
end

-- Take note of the daemon's process; a new one has heard nothing yet.
local function meet(status)
  for place = 2, #status, 2 do
    if status[place] == "process" and status[place + 1] ~= process then
      told, process = {}, status[place + 1]
    end
  end
end

-- Take note of what others had made; what was asked for in REAPER is remembered by whoever asked.
local function note(address, job, rank, path)
  if type(job) ~= "string" or job:match("^reaper_%d") then
    return
  elseif address == "/bridge/queued" then
    clips[job] = {}
  elseif address == "/bridge/delivered" and clips[job] then
    clips[job][rank] = path
  elseif address == "/bridge/done" and clips[job] then
    bridge.remember(job, job, clips[job])
  end
  if address == "/bridge/done" or address == "/bridge/failed" or address == "/bridge/cancelled" then
    clips[job] = nil
  end
end

local function hear()
  for _, message in ipairs(exchange:hear()) do
    if message[1] == STATUS .. ".reply" then
      meet(message)
    elseif message[1] == "/bridge/error" then
      bridge.note(("the session is not taken (%s): %s"):format(message[3], message[4]))
    else
      note(message[1], message[2], message[3], message[5])
    end
    met = true
  end
end

-- Return what there is to ask and tell now; nothing is told to a daemon that has not been met.
local function messages()
  local found = process and news(state(reaper.EnumProjects(-1))) or {}
  if process and not told.subscribed then
    told.subscribed = true
    table.insert(found, 1, { "/bridge/notify", 1 })
  end
  if reaper.time_precise() - looked > PULSE then
    looked = reaper.time_precise()
    found[#found + 1] = { STATUS }
  end
  return found
end

local function tick()
  hear()
  local unheard = exchange:is_unheard() and bridge.NOBODY
  local now = reaper.time_precise() >= retry and not unheard and messages() or {}
  if #now > 0 then
    local asked, why = exchange:ask(table.unpack(now))
    unheard = not asked and why
  end
  if unheard then
    if not met then
      bridge.say(unheard)
      return
    end
    retry, process = reaper.time_precise() + RETRY, nil
  end
  reaper.defer(tick)
end

reaper.atexit(function()
  exchange:ask({ "/bridge/notify", 0 })
  exchange:close()
  lit(0)
end)
lit(1)
tick()
