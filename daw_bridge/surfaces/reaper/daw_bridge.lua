-- What the daw-bridge actions share: the exchange with the daemon, the bars of the project, and how a clip comes onto a
-- track. Each action loads it with dofile. It is plain Lua 5.3, as REAPER 6 and later have it, and needs no extension.
--
-- Plain Lua has no sockets. The daemon therefore watches a folder: a request is a file that is written under another name
-- and then renamed, answers are numbered files. A request that was taken is gone; one that stays was heard by nobody.

local bridge = {}

local TITLE = "daw-bridge"
local PATIENCE = 3.0 -- seconds in which a daemon that runs takes a request
local PULSE = 2.0 -- seconds between two looks whether it still runs
local NEAR = 0.001 -- seconds that count as "on the bar line"
local HERE = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local START = "Start it in a terminal, and try again:\n\n    daw-bridge serve"
bridge.NOBODY = "The daw-bridge daemon does not answer.\n\n" .. START
local INSTALL = "Install the actions anew in a terminal:\n\n    daw-bridge surfaces --install reaper"

-- Words for people ---------------------------------------------------------------------------------------------------

function bridge.say(text)
  reaper.ShowMessageBox(text, TITLE, 0)
end

function bridge.asks(text)
  return reaper.ShowMessageBox(text, TITLE, 1) == 1
end

-- Show a line in the console: warnings always, progress only for who asked for it.
function bridge.note(text)
  reaper.ShowConsoleMsg(TITLE .. ": " .. text .. "\n")
end

function bridge.shows_progress()
  return reaper.GetExtState(TITLE, "progress") == "1"
end

local function progress(text)
  if bridge.shows_progress() then
    bridge.note(text)
  end
end

-- The exchange -------------------------------------------------------------------------------------------------------

local ESCAPES = { ["\\"] = "\\\\", ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r" }
local MEANT = { ["\\\\"] = "\\", ["\\t"] = "\t", ["\\n"] = "\n", ["\\r"] = "\r" }

local function written(value)
  if type(value) == "string" then
    return "s" .. value:gsub("[\\\t\n\r]", ESCAPES)
  elseif math.type(value) == "integer" then
    return "i" .. value
  elseif math.type(value) == "float" then
    return "f" .. string.format("%.17g", value)
  end
  return value and "T" or "F"
end

local function line_of(message)
  local fields = { message[1] }
  for place = 2, #message do
    fields[place] = written(message[place])
  end
  return table.concat(fields, "\t") .. "\n"
end

local function read(field)
  local kind, value = field:sub(1, 1), field:sub(2)
  if kind == "s" then
    return (value:gsub("\\.", MEANT))
  elseif kind == "i" or kind == "f" then
    return tonumber(value)
  end
  return kind == "T"
end

local function message_of(line)
  local message = {}
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do
    message[#message + 1] = #message == 0 and field or read(field)
  end
  return message
end

local function settings()
  local chunk = loadfile(HERE .. "daw_bridge_settings.lua", "t", {})
  local fine, found = pcall(chunk or error)
  if fine and type(found) == "table" and type(found.exchange) == "string" then
    return found
  end
end

-- A name that nobody else has: two scripts of one REAPER never start within the same microsecond.
local function fresh_name()
  return string.format("reaper_%d_%06d", os.time(), math.floor(reaper.time_precise() * 1e6) % 1000000)
end

local Exchange = {}
Exchange.__index = Exchange

-- Open an exchange; nil and the reason where that cannot be.
function bridge.exchange()
  local found = settings()
  if not found then
    return nil, "daw_bridge_settings.lua is missing beside the actions, or cannot be read.\n\n" .. INSTALL
  end
  local new = { name = fresh_name(), asked = 0, heard = 0, pending = {} }
  new.requests = found.exchange .. "/requests/" .. new.name .. "-"
  new.replies = found.exchange .. "/replies/" .. new.name .. "-"
  return setmetatable(new, Exchange)
end

-- Send messages, each a table of address and arguments, to be done one after the other. Nil and the reason if nobody can
-- hear them.
function Exchange:ask(...)
  local lines = {}
  for place, message in ipairs({ ... }) do
    lines[place] = line_of(message)
  end
  self.asked = self.asked + 1
  local path = self.requests .. self.asked
  local file = io.open(path .. ".tmp", "wb")
  if not file then
    return nil, bridge.NOBODY
  end
  local whole = file:write(table.concat(lines))
  whole = file:close() and whole
  if not whole or not os.rename(path .. ".tmp", path .. ".req") then
    os.remove(path .. ".tmp")
    return nil, "The request could not be written:\n\n    " .. path .. ".req\n\nFree some space on that disk, and try again."
  end
  self.pending[#self.pending + 1] = { path = path .. ".req", at = reaper.time_precise() }
  return true
end

-- Return the messages that have come since, in order.
function Exchange:hear()
  local messages = {}
  while true do
    local file = io.open(self.replies .. (self.heard + 1) .. ".rep", "rb")
    if not file then
      return messages
    end
    local text = file:read("a")
    file:close()
    os.remove(self.replies .. self.heard .. ".rep") -- the last one stays: the daemon counts on from it
    self.heard = self.heard + 1
    for line in text:gmatch("([^\n]*)\n") do
      messages[#messages + 1] = message_of(line)
    end
  end
end

-- Whether a request was heard by nobody. Then all are taken back: a daemon that starts later does none of them.
function Exchange:is_unheard()
  local unheard = false
  while self.pending[1] and (unheard or reaper.time_precise() - self.pending[1].at > PATIENCE) do
    unheard = os.remove(table.remove(self.pending, 1).path) or unheard
  end
  return unheard
end

function Exchange:close()
  os.remove(self.replies .. self.heard .. ".rep")
end

-- Hear what comes, without holding up REAPER, until one of the functions in `on`, by address, returns true.
function bridge.follow(exchange, on)
  local looked = reaper.time_precise()
  local function look()
    for _, message in ipairs(exchange:hear()) do
      local act = on[message[1]]
      if act and act(table.unpack(message, 2)) then
        exchange:close()
        return
      end
    end
    local unheard = exchange:is_unheard() and bridge.NOBODY
    if not unheard and reaper.time_precise() - looked > PULSE then
      looked = reaper.time_precise()
      local asked, reason = exchange:ask({ "/bridge/sync", 1 })
      unheard = not asked and reason
    end
    if unheard then
      exchange:close()
      bridge.say(on.nobody and on.nobody() or unheard)
      return
    end
    reaper.defer(look)
  end
  look()
end

-- Bars and places ----------------------------------------------------------------------------------------------------

-- Return the bar of a moment, counted from 0, with its part behind the point.
local function bar_at(project, time)
  local beats, measures, length = reaper.TimeMap2_timeToBeats(project, time)
  return measures + beats / length
end

local function bar_start(project, bar)
  return reaper.TimeMap2_beatsToTime(project, 0, bar)
end

-- Return the bar line that is nearest to a moment, and whether it is as good as there.
local function nearest_bar(project, time)
  local bar = math.floor(bar_at(project, time) + 0.5)
  return bar, math.abs(bar_start(project, bar) - time) < NEAR
end

local function next_bar(project, time)
  local bar, there = nearest_bar(project, time)
  return there and bar or math.ceil(bar_at(project, time))
end

-- Whether tempo and meter stay as they are at the first of these bars. A loop has one of each.
local function is_even(project, first, bars)
  local start, _, _, num, denom, tempo = reaper.TimeMap_GetMeasureInfo(project, first)
  local length = bars * num * 4 / denom * 60 / tempo
  if math.abs(bar_start(project, first + bars) - start - length) > NEAR then
    return false
  end
  for bar = first + 1, first + bars - 1 do
    local _, _, _, another_num, another_denom = reaper.TimeMap_GetMeasureInfo(project, bar)
    if another_num ~= num or another_denom ~= denom then
      return false
    end
  end
  return true
end

-- Return first bar and number of bars of the time selection; nothing without one; nil and the reason if it will not do.
local function selected_bars(project)
  local from, to = reaper.GetSet_LoopTimeRange2(project, false, false, 0, 0, false)
  if to - from < NEAR then
    return
  end
  local first, starts_there = nearest_bar(project, from)
  local last, ends_there = nearest_bar(project, to)
  local bars = math.max(1, last - first)
  if not (starts_there and ends_there and last > first) then
    local question = "The time selection is %.2f bars long, and clips have whole bars.\n\n"
      .. "Make %d bars from bar %d instead? (Snapping, Alt+S, selects whole bars.)"
    if not bridge.asks(question:format(bar_at(project, to) - bar_at(project, from), bars, first + 1)) then
      return nil, false
    end
  end
  if bars > 64 then
    return nil, ("The time selection is %d bars long; a clip has at most 64.\n\nSelect fewer bars."):format(bars)
  end
  if not is_even(project, first, bars) then
    return nil, "Tempo or meter change inside the time selection; a loop has one of each.\n\nSelect bars in which they stay."
  end
  return first, bars
end

-- Return where a clip goes: project, track, bar line in seconds, the number of bars if some are selected. Nil, and it is
-- said why, where there is no place.
function bridge.spot()
  local project = reaper.EnumProjects(-1)
  local track = reaper.GetSelectedTrack(project, 0)
  if not track then
    bridge.say("No track is selected.\n\nClick the track that the clip should be put on, and try again.")
    return nil
  end
  local first, bars = selected_bars(project)
  if bars == false then
    return nil
  elseif not first and bars then
    bridge.say(bars)
    return nil
  end
  first = first or next_bar(project, reaper.GetCursorPositionEx(project))
  return { project = project, track = track, time = bar_start(project, first), bars = bars }
end

-- Return the project's sample rate, or the audio device's; nil where neither is known.
function bridge.rate(project)
  if reaper.GetSetProjectInfo(project, "PROJECT_SRATE_USE", 0, false) == 1 then
    return math.floor(reaper.GetSetProjectInfo(project, "PROJECT_SRATE", 0, false))
  end
  local open, rate = reaper.GetAudioDeviceInfo("SRATE")
  return open and math.tointeger(tonumber(rate)) or nil
end

-- Return the keys that make a clip fit its place, laid behind `message`.
local function fitted(message, spot)
  local num, denom, tempo = reaper.TimeMap_GetTimeSigAtTime(spot.project, spot.time + NEAR)
  local keys = { bpm = tempo, meter = num .. "/" .. denom, rate = bridge.rate(spot.project), bars = spot.bars }
  for key, value in pairs(keys) do
    message[#message + 1] = key
    message[#message + 1] = value
  end
  return message
end

-- Clips --------------------------------------------------------------------------------------------------------------

-- Keep in mind what was delivered last, for the actions that insert takes.
function bridge.remember(job, name, paths)
  reaper.SetExtState(TITLE, "job", job, false)
  reaper.SetExtState(TITLE, "name", name, false)
  reaper.SetExtState(TITLE, "clips", table.concat(paths, "\n"), false)
  reaper.SetExtState(TITLE, "inserted", "0", false)
end

-- Return the name, the takes and the job that were delivered last; nil, and it is said, if there were none.
function bridge.remembered()
  local paths = {}
  for path in reaper.GetExtState(TITLE, "clips"):gmatch("[^\n]+") do
    paths[#paths + 1] = path
  end
  if #paths == 0 then
    bridge.say("No clip has been made since REAPER was started.\n\nRun \"generate\" or the preset menu first.")
    return nil
  end
  return reaper.GetExtState(TITLE, "name"), paths, reaper.GetExtState(TITLE, "job")
end

local function source_of(path)
  local source = reaper.PCM_Source_CreateFromFile(path)
  if not source then
    bridge.say("The clip cannot be read:\n\n    " .. path .. "\n\nWas it moved or deleted? Run \"again\" for another one.")
  end
  return source
end

-- Put a source into an item as its active take, at its own speed.
local function add_take(item, source, name)
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.SetMediaItemTakeInfo_Value(take, "D_PLAYRATE", 1)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  reaper.SetActiveTake(take)
end

-- Do `work` as one step of undo, and draw once.
local function in_one_step(project, name, work)
  reaper.Undo_BeginBlock2(project)
  reaper.PreventUIRefresh(1)
  work()
  reaper.PreventUIRefresh(-1)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock2(project, TITLE .. ": insert " .. name, -1)
end

-- Whether a pointer of a project is still one. A project that was closed, or left for another, must not even be asked.
local function is_there(project, pointer, kind)
  return reaper.ValidatePtr2(0, project, "ReaProject*") and reaper.ValidatePtr2(project, pointer, kind)
end

-- Have the waveform of a source drawn, a piece with each tick, so that a long clip holds up nothing.
local function draw(project, source)
  if reaper.PCM_Source_BuildPeaks(source, 0) == 0 then
    return
  end
  local function go_on()
    if not is_there(project, source, "PCM_source*") then
      return -- the item was deleted meanwhile, or its project closed
    elseif reaper.PCM_Source_BuildPeaks(source, 1) ~= 0 then
      reaper.defer(go_on)
    else
      reaper.PCM_Source_BuildPeaks(source, 2)
      reaper.UpdateArrange()
    end
  end
  go_on()
end

-- Put take `rank` of `paths` onto the track of `spot`.
function bridge.insert(spot, name, paths, rank)
  if not is_there(spot.project, spot.track, "MediaTrack*") then
    local gone = "The track for \"%s\" is gone.\n\nSelect another one and run \"insert best take\"; the clip is\n\n    %s"
    bridge.say(gone:format(name, paths[rank]))
    return
  end
  local source = source_of(paths[rank])
  if not source then
    return
  end
  local take_name = ("%s %d/%d"):format(name, rank, #paths)
  in_one_step(spot.project, take_name, function()
    local item = reaper.AddMediaItemToTrack(spot.track)
    add_take(item, source, take_name)
    local values = {
      D_POSITION = spot.time,
      D_LENGTH = (reaper.GetMediaSourceLength(source)), -- frames by rate: neither a gap nor a frame twice
      B_LOOPSRC = 1, -- its right edge can be dragged on and on
      C_BEATATTACHMODE = 2, -- it stays on its bar when the tempo changes, and is not stretched
      D_FADEINLEN = 0, -- a fade would be heard at the seam
      D_FADEOUTLEN = 0,
    }
    for parameter, value in pairs(values) do
      reaper.SetMediaItemInfo_Value(item, parameter, value)
    end
    reaper.SelectAllMediaItems(spot.project, false)
    reaper.SetMediaItemSelected(item, true)
  end)
  draw(spot.project, source)
  reaper.SetExtState(TITLE, "inserted", tostring(rank), false)
end

-- Return the selected item if one of `paths` is what it plays, and which.
local function selected_take(project, paths)
  local item = reaper.GetSelectedMediaItem(project, 0)
  local take = item and reaper.GetActiveTake(item)
  local source = take and reaper.GetMediaItemTake_Source(take)
  local file = source and reaper.GetMediaSourceFileName(source)
  for rank, path in ipairs(paths) do
    if path == file then
      return item, rank
    end
  end
end

-- Put the take after the last one into the selected item, if that has one of the same job, else onto the track.
function bridge.insert_next()
  local name, paths = bridge.remembered()
  if not name then
    return
  end
  local project = reaper.EnumProjects(-1)
  local item, rank = selected_take(project, paths)
  rank = (rank or tonumber(reaper.GetExtState(TITLE, "inserted")) or 0) + 1
  if rank > #paths then
    bridge.say(("That was the last of %d takes.\n\nRun \"again\" for others."):format(#paths))
  elseif item then
    local source = source_of(paths[rank])
    if source then
      local take_name = ("%s %d/%d"):format(name, rank, #paths)
      in_one_step(project, take_name, function()
        add_take(item, source, take_name)
      end)
      draw(project, source)
      reaper.SetExtState(TITLE, "inserted", tostring(rank), false)
    end
  else
    local spot = bridge.spot()
    if spot then
      bridge.insert(spot, name, paths, rank)
    end
  end
end

-- Jobs ---------------------------------------------------------------------------------------------------------------

-- The jobs of this REAPER that have not ended, for the action that cancels them.
function bridge.running()
  local jobs = {}
  for job in reaper.GetExtState(TITLE, "running"):gmatch("%S+") do
    jobs[#jobs + 1] = job
  end
  return jobs
end

function bridge.ended(job)
  local left = {}
  for _, other in ipairs(bridge.running()) do
    if other ~= job then
      left[#left + 1] = other
    end
  end
  reaper.SetExtState(TITLE, "running", table.concat(left, " "), false)
end

local function begun(job)
  local jobs = bridge.running()
  jobs[#jobs + 1] = job
  reaper.SetExtState(TITLE, "running", table.concat(jobs, " "), false)
end

-- Ask for a job called `name` by `message`, and put its best take at `spot` when it is done.
function bridge.make(message, name, spot)
  local exchange, reason = bridge.exchange()
  if not exchange then
    bridge.say(reason)
    return
  end
  local job, paths, accepted = fresh_name(), {}, false
  message = fitted(message, spot)
  message[#message + 1] = "id"
  message[#message + 1] = job
  local asked
  asked, reason = exchange:ask(message)
  if not asked then
    bridge.say(reason)
    return
  end
  begun(job)
  local function over(text)
    bridge.ended(job)
    if text then
      bridge.say(text)
    end
    return true
  end
  bridge.follow(exchange, {
    ["/bridge/queued"] = function(_, position, seconds)
      accepted = true
      progress(("%s waits behind %d, ready in about %.1f s"):format(name, position, seconds))
    end,
    ["/bridge/progress"] = function(_, fraction, stage)
      progress(("%s %d %% %s"):format(name, math.floor(100 * fraction), stage))
    end,
    ["/bridge/warning"] = function(_, text)
      bridge.note(name .. ": " .. text)
    end,
    ["/bridge/delivered"] = function(_, rank, _, path)
      paths[rank] = path
    end,
    ["/bridge/done"] = function()
      bridge.remember(job, name, paths)
      over()
      bridge.insert(spot, name, paths, 1)
      return true
    end,
    ["/bridge/cancelled"] = function()
      return over("\"" .. name .. "\" was cancelled; nothing was inserted.\n\nRun the action again to make it after all.")
    end,
    ["/bridge/failed"] = function(_, code, text)
      return over(("\"%s\" failed (%s):\n\n%s"):format(name, code, text))
    end,
    ["/bridge/error"] = function(_, code, text)
      return over(("The daemon refused \"%s\" (%s):\n\n%s"):format(name, code, text))
    end,
    nobody = function()
      bridge.ended(job)
      return accepted and ("The daemon went away while \"%s\" was made. It finishes it when it is started again:\n\n"
        .. "    daw-bridge serve\n\nThe clip is in its folder then."):format(name)
    end,
  })
end

return bridge
