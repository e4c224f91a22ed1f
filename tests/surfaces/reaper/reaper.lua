-- REAPER as its scripts see it: the functions that they may call, as REAPER's documentation has them, and a little project.
--
-- A function that is not in the list, a wrong number of arguments or one of the wrong type is an error, as is a result that
-- is not of the documented shape. What the functions do is modelled on one project: tracks, items and takes, a tempo map,
-- a time selection, undo, message boxes. Whoever runs this process is the user and REAPER's timer: each line on its input
-- is a command, answered by one line of JSON.

local DOCUMENTED = [[
MediaItem reaper.AddMediaItemToTrack(MediaTrack tr)
MediaItem_Take reaper.AddTakeToMediaItem(MediaItem item)
boolean reaper.atexit(function function)
boolean reaper.defer(function function)
ReaProject retval, optional string projfn = reaper.EnumProjects(integer idx)
boolean is_new_value, string filename, integer sectionID, integer cmdID, integer mode, integer resolution, number val, string contextstr = reaper.get_action_context()
MediaItem_Take reaper.GetActiveTake(MediaItem item)
boolean retval, string desc = reaper.GetAudioDeviceInfo(string attribute)
number reaper.GetCursorPositionEx(ReaProject proj)
string reaper.GetExtState(string section, string key)
PCM_source reaper.GetMediaItemTake_Source(MediaItem_Take take)
string filenamebuf = reaper.GetMediaSourceFileName(PCM_source source)
number retval, boolean lengthIsQN = reaper.GetMediaSourceLength(PCM_source source)
integer x, integer y = reaper.GetMousePosition()
number reaper.GetPlayPositionEx(ReaProject proj)
integer reaper.GetPlayStateEx(ReaProject proj)
MediaItem reaper.GetSelectedMediaItem(ReaProject proj, integer selitem)
MediaTrack reaper.GetSelectedTrack(ReaProject proj, integer seltrackidx)
number start, number end = reaper.GetSet_LoopTimeRange2(ReaProject proj, boolean isSet, boolean isLoop, number start, number end, boolean allowautoseek)
boolean retval, string stringNeedBig = reaper.GetSetMediaItemTakeInfo_String(MediaItem_Take tk, string parmname, string stringNeedBig, boolean setNewValue)
number reaper.GetSetProjectInfo(ReaProject project, string desc, number value, boolean is_set)
boolean retval, string buf = reaper.GetTrackName(MediaTrack track)
boolean retval, string retvals_csv = reaper.GetUserInputs(string title, integer num_inputs, string captions_csv, string retvals_csv)
integer reaper.PCM_Source_BuildPeaks(PCM_source src, integer mode)
PCM_source reaper.PCM_Source_CreateFromFile(string filename)
reaper.PreventUIRefresh(integer prevent_count)
reaper.RefreshToolbar2(integer section_id, integer command_id)
reaper.SelectAllMediaItems(ReaProject proj, boolean selected)
reaper.SetActiveTake(MediaItem_Take take)
reaper.SetExtState(string section, string key, string value, boolean persist)
boolean reaper.SetMediaItemInfo_Value(MediaItem item, string parmname, number newvalue)
reaper.SetMediaItemSelected(MediaItem item, boolean selected)
boolean reaper.SetMediaItemTake_Source(MediaItem_Take take, PCM_source source)
boolean reaper.SetMediaItemTakeInfo_Value(MediaItem_Take take, string parmname, number newvalue)
boolean reaper.SetToggleCommandState(integer section_id, integer command_id, integer state)
reaper.ShowConsoleMsg(string msg)
integer reaper.ShowMessageBox(string msg, string title, integer type)
number reaper.time_precise()
number reaper.TimeMap2_beatsToTime(ReaProject proj, number tpos, optional integer measuresIn)
number retval, optional integer measures, optional integer cml, optional number fullbeats, optional integer cdenom = reaper.TimeMap2_timeToBeats(ReaProject proj, number tpos)
number retval, number qn_start, number qn_end, integer timesig_num, integer timesig_denom, number tempo = reaper.TimeMap_GetMeasureInfo(ReaProject proj, integer measure)
integer timesig_num, integer timesig_denom, number tempo = reaper.TimeMap_GetTimeSigAtTime(ReaProject proj, number time)
reaper.Undo_BeginBlock2(ReaProject proj)
reaper.Undo_EndBlock2(ReaProject proj, string descchange, integer extraflags)
reaper.UpdateArrange()
boolean reaper.ValidatePtr2(ReaProject proj, identifier pointer, string ctypename)
]]

-- What may be nothing where it is a result.
local POINTERS = { MediaItem = true, MediaItem_Take = true, MediaTrack = true, PCM_source = true }

-- Item and take values that the documentation names, of those that scripts may set.
local ITEM_VALUES = {}
for name in ("D_POSITION D_LENGTH B_LOOPSRC C_BEATATTACHMODE D_FADEINLEN D_FADEOUTLEN B_UISEL"):gmatch("%S+") do
  ITEM_VALUES[name] = true
end
local TAKE_VALUES = { D_PLAYRATE = true, D_STARTOFFS = true }

-- Pointers: opaque to scripts ------------------------------------------------------------------------------------------

local kinds, things = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })

local function opaque()
  error("a pointer of REAPER's has no fields", 2)
end

local function pointer(kind, thing)
  local made = setmetatable({}, { __index = opaque, __newindex = opaque, __metatable = "userdata" })
  kinds[made], things[made] = kind, thing
  thing.pointer = made
  return made
end

-- The list, read -------------------------------------------------------------------------------------------------------

local function shapes(text)
  local found = {}
  for part in text:gmatch("[^,]+") do
    local optional, kind = part:match("^%s*(optional%s+)(%S+)")
    found[#found + 1] = { kind = kind or part:match("^%s*(%S+)"), optional = optional ~= nil }
  end
  return found
end

local function documented()
  local found = {}
  for line in DOCUMENTED:gmatch("[^\n]+") do
    local results, name, arguments = line:match("^(.-)%s*=?%s*reaper%.([%w_]+)%((.*)%)$")
    found[name] = { arguments = shapes(arguments), results = shapes(results) }
  end
  return found
end

local function fits(value, kind)
  if kind == "integer" then
    return math.type(value) == "integer" or (math.type(value) == "float" and value == math.floor(value))
  elseif kind == "ReaProject" then
    return value == 0 or (kinds[value] == kind and not things[value].gone)
  elseif kind == "identifier" then
    return kinds[value] ~= nil
  elseif kind == "number" or kind == "string" or kind == "boolean" or kind == "function" then
    return type(value) == kind
  end
  return kinds[value] == kind
end

local function check(name, what, shape, values)
  local needed = #shape
  while needed > 0 and shape[needed].optional do
    needed = needed - 1
  end
  if values.n > #shape or values.n < needed then
    error(("reaper.%s has %d %s, and there are %d"):format(name, needed, what, values.n), 4)
  end
  for place = 1, values.n do
    local expected, value = shape[place].kind, values[place]
    local null = what == "results" and value == nil and POINTERS[expected]
    if not null and not fits(value, expected) then
      error(("reaper.%s: %s %d is %s, not %s"):format(name, what, place, type(value), expected), 4)
    end
  end
end

-- The project ----------------------------------------------------------------------------------------------------------

local now = 0
local project = { tracks = {}, tempo = { { bar = 0, bpm = 120, num = 4, denom = 4 } }, cursor = 0, selection = { 0, 0 } }
local state = { plays = 0, position = 0, rate = 0, device = "48000", ext = {}, answers = {}, boxes = {}, console = {} }
state.undo, state.menus, state.block, state.refresh, state.toggles, state.press = {}, {}, 0, 0, {}, {}
local active = pointer("ReaProject", project)

local function item_of(take)
  return things[take].item
end

local function changed(what)
  if state.block == 0 then
    state.undo[#state.undo + 1] = what -- each change outside of a block is a step of its own
  end
end

-- Yield the parts of the tempo map: marker, its time, its quarter notes, and the same of the next one.
local function parts()
  local place, time, quarters = 0, 0, 0
  return function()
    place = place + 1
    local marker, after = project.tempo[place], project.tempo[place + 1]
    if marker then
      local length = after and (after.bar - marker.bar) * marker.num * 4 / marker.denom or math.huge
      local start, from = time, quarters
      time, quarters = time + length * 60 / marker.bpm, quarters + length
      return marker, start, from, time
    end
  end
end

local function at_time(moment)
  for marker, start, from, stop in parts() do
    if moment < stop then
      return marker, (moment - start) * marker.bpm / 60, from
    end
  end
end

local function at_bar(bar)
  local found
  for marker, start, from in parts() do
    if marker.bar <= bar then
      found = { marker, start, from }
    end
  end
  local marker, start, from = table.unpack(found)
  local quarters = (bar - marker.bar) * marker.num * 4 / marker.denom
  return marker, start + quarters * 60 / marker.bpm, from + quarters
end

local function wav_length(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local data = file:read("a")
  file:close()
  local rate, block = data:match("^RIFF....WAVE.-fmt ....") and string.unpack("<I4", data, 25), string.unpack("<I2", data, 33)
  local at = 13
  while at < #data do
    local kind, size = string.unpack("<c4I4", data, at)
    if kind == "fmt " then
      rate, block = string.unpack("<I4", data, at + 12), string.unpack("<I2", data, at + 20)
    elseif kind == "data" then
      return size // block / rate
    end
    at = at + 8 + size + size % 2
  end
end

-- What the functions do ------------------------------------------------------------------------------------------------

local does = {}

function does.AddMediaItemToTrack(track)
  local item = { values = {}, takes = {}, track = things[track] }
  table.insert(things[track].items, item)
  changed("add item")
  return pointer("MediaItem", item)
end
function does.AddTakeToMediaItem(item)
  local take = { item = things[item], values = { D_PLAYRATE = 1 }, name = "" }
  table.insert(things[item].takes, take)
  things[item].active = things[item].active or take
  changed("add take")
  return pointer("MediaItem_Take", take)
end
function does.EnumProjects()
  return active, ""
end
function does.GetActiveTake(item)
  local take = things[item].active
  return take and take.pointer
end
function does.GetAudioDeviceInfo(attribute)
  return attribute == "SRATE" and state.device ~= "", attribute == "SRATE" and state.device or ""
end
function does.GetCursorPositionEx()
  return project.cursor
end
function does.GetExtState(section, key)
  return state.ext[section .. "/" .. key] or ""
end
function does.GetMediaItemTake_Source(take)
  return things[take].source
end
function does.GetMediaSourceFileName(source)
  return things[source].path
end
function does.GetMediaSourceLength(source)
  return things[source].length, false
end
function does.GetMousePosition()
  return 100, 200
end
function does.GetPlayPositionEx()
  return state.position
end
function does.GetPlayStateEx()
  return state.plays
end
function does.GetSelectedMediaItem(_, number)
  for _, track in ipairs(project.tracks) do
    for _, item in ipairs(track.items) do
      if item.selected then
        if number == 0 then
          return item.pointer
        end
        number = number - 1
      end
    end
  end
end
function does.GetSelectedTrack(_, number)
  for _, track in ipairs(project.tracks) do
    if track.selected then
      if number == 0 then
        return track.pointer
      end
      number = number - 1
    end
  end
end
function does.GetSet_LoopTimeRange2(_, sets)
  assert(not sets, "the model's selection is the user's")
  return project.selection[1], project.selection[2]
end
function does.GetSetMediaItemTakeInfo_String(take, parameter, value, sets)
  assert(parameter == "P_NAME", parameter)
  if sets then
    things[take].name = value
    changed("name")
  end
  return true, things[take].name
end
function does.GetSetProjectInfo(_, what, _, sets)
  assert(not sets, "the model's settings are the user's")
  if what == "PROJECT_SRATE_USE" then
    return state.rate > 0 and 1.0 or 0.0
  end
  assert(what == "PROJECT_SRATE", what)
  return state.rate + 0.0
end
function does.GetTrackName(track)
  local name = things[track].name
  return true, name ~= "" and name or "Track " .. things[track].number
end
function does.GetUserInputs(_, count, captions, values)
  state.asked = { captions = captions, values = values, count = count }
  local answer = table.remove(state.answers, 1)
  return answer ~= nil and answer ~= "", answer or ""
end
function does.PCM_Source_BuildPeaks(source, mode)
  local thing = things[source]
  if mode == 0 then
    thing.left = 100 -- per cent
  elseif mode == 1 then
    thing.left = math.max(0, thing.left - 40)
  else
    assert(thing.left == 0, "the peaks are finished before they are built")
    thing.drawn = true
  end
  return thing.left
end
function does.PCM_Source_CreateFromFile(path)
  local length = wav_length(path)
  return length and pointer("PCM_source", { path = path, length = length }) or nil
end
function does.PreventUIRefresh(count)
  state.refresh = state.refresh + count
end
function does.RefreshToolbar2() end
function does.SelectAllMediaItems(_, selected)
  for _, track in ipairs(project.tracks) do
    for _, item in ipairs(track.items) do
      item.selected = selected
    end
  end
end
function does.SetActiveTake(take)
  item_of(take).active = things[take]
end
function does.SetExtState(section, key, value)
  state.ext[section .. "/" .. key] = value
end
function does.SetMediaItemInfo_Value(item, parameter, value)
  assert(ITEM_VALUES[parameter], parameter)
  things[item].values[parameter] = value
  changed("set " .. parameter)
  return true
end
function does.SetMediaItemSelected(item, selected)
  things[item].selected = selected
end
function does.SetMediaItemTake_Source(take, source)
  things[take].source = source
  changed("set source")
  return true
end
function does.SetMediaItemTakeInfo_Value(take, parameter, value)
  assert(TAKE_VALUES[parameter], parameter)
  things[take].values[parameter] = value
  changed("set " .. parameter)
  return true
end
function does.SetToggleCommandState(_, command, value)
  state.toggles[command] = value
  return true
end
function does.ShowConsoleMsg(text)
  table.insert(state.console, text)
end
function does.ShowMessageBox(text, _, kind)
  table.insert(state.boxes, text)
  return kind == 0 and 1 or table.remove(state.press, 1) or 2
end
function does.time_precise()
  return now
end
function does.TimeMap2_beatsToTime(_, beats, bar)
  local marker, start = at_bar(bar)
  return start + beats * 4 / marker.denom * 60 / marker.bpm
end
function does.TimeMap2_timeToBeats(_, moment)
  local marker, quarters, from = at_time(moment)
  local beats = quarters * marker.denom / 4
  local bar = math.floor(beats / marker.num)
  return beats - bar * marker.num, marker.bar + bar, marker.num, from * marker.denom / 4 + beats, marker.denom
end
function does.TimeMap_GetMeasureInfo(_, bar)
  local marker, start, from = at_bar(bar)
  return start, from, from + marker.num * 4 / marker.denom, marker.num, marker.denom, marker.bpm
end
function does.TimeMap_GetTimeSigAtTime(_, moment)
  local marker = at_time(moment)
  return marker.num, marker.denom, marker.bpm
end
function does.Undo_BeginBlock2()
  state.block = state.block + 1
end
function does.Undo_EndBlock2(_, name)
  assert(state.block > 0, "no block of undo was begun")
  state.block = state.block - 1
  state.undo[#state.undo + 1] = name
end
function does.UpdateArrange() end
function does.ValidatePtr2(_, what, kind)
  local gone = things[what].gone -- a track or a project
  return kinds[what] .. "*" == kind and not gone
end

-- Scripts: each has a state of its own, as in REAPER ---------------------------------------------------------------------

local deferred, leaving = {}, {}

local function environment(path)
  local own = setmetatable({}, { __index = _G })
  local list, wrapped = documented(), {}
  local special = {
    defer = function(act)
      deferred[#deferred + 1] = act
      return true
    end,
    atexit = function(act)
      leaving[#leaving + 1] = act
      return true
    end,
    get_action_context = function()
      return false, path, 0, 51000, -1, -1, -1, ""
    end,
  }
  for name, shape in pairs(list) do
    local act = special[name] or does[name]
    wrapped[name] = function(...)
      check(name, "arguments", shape.arguments, table.pack(...))
      local results = table.pack(act(...))
      if results.n == 0 and #shape.results == 1 then
        results = table.pack(nil)
      end
      check(name, "results", shape.results, results)
      return table.unpack(results, 1, results.n)
    end
  end
  own.reaper = setmetatable({}, {
    __index = function(_, name)
      return wrapped[name] or error("REAPER's documentation has no reaper." .. tostring(name), 2)
    end,
    __newindex = function(_, name)
      error("reaper." .. tostring(name) .. " cannot be set", 2)
    end,
  })
  own.gfx = {
    mouse_x = 0,
    mouse_y = 0,
    init = function(name, width, height, dock, x, y)
      assert(type(name) == "string" and width and height and dock and x and y)
      state.window = true
    end,
    showmenu = function(fields)
      assert(state.window and type(fields) == "string", "a menu needs a window")
      table.insert(state.menus, fields)
      return table.remove(state.press, 1) or 0
    end,
    quit = function()
      state.window = nil
    end,
  }
  own.dofile = function(other)
    return assert(loadfile(other, "t", own))()
  end
  own.loadfile = function(other, mode, env)
    return loadfile(other, mode, env or own)
  end
  return own
end

-- Commands -------------------------------------------------------------------------------------------------------------

local OBJECTS = { asked = true, ext = true, toggles = true, values = true } -- what is an object, also when it is empty

local function json(value, is_object)
  if type(value) == "table" then
    local parts_of = {}
    if not is_object and (#value > 0 or next(value) == nil) then
      for _, each in ipairs(value) do
        parts_of[#parts_of + 1] = json(each)
      end
      return "[" .. table.concat(parts_of, ",") .. "]"
    end
    for key, each in pairs(value) do
      parts_of[#parts_of + 1] = json(tostring(key)) .. ":" .. json(each, OBJECTS[key])
    end
    return "{" .. table.concat(parts_of, ",") .. "}"
  elseif type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  elseif type(value) == "number" and math.type(value) == "float" then
    return ("%.17g"):format(value)
  end
  return tostring(value)
end

local function shown()
  local items = {}
  for _, track in ipairs(project.tracks) do
    for _, item in ipairs(track.items) do
      local takes = {}
      for place, take in ipairs(item.takes) do
        local path = take.source and things[take.source].path or ""
        takes[place] = { name = take.name, path = path, rate = take.values.D_PLAYRATE, active = item.active == take }
        takes[place].drawn = take.source and things[take.source].drawn or false
      end
      items[#items + 1] = { track = track.number, values = item.values, takes = takes, selected = item.selected or false }
    end
  end
  return {
    items = items, undo = state.undo, boxes = state.boxes, console = state.console, menus = state.menus,
    asked = state.asked or {}, toggles = state.toggles, running = #deferred, open = state.block, refresh = state.refresh,
    ext = state.ext,
  }
end

local commands = {}

function commands.tick(text)
  now = tonumber(text)
  local due = deferred
  deferred = {}
  for _, each in ipairs(due) do
    each()
  end
end
-- Start a script; what it defers runs with each tick.
function commands.run(path)
  assert(loadfile(path, "t", environment(path)))()
end
-- End all scripts, as the user does in REAPER's list of running ones.
function commands.stop()
  deferred = {}
  local last = leaving
  leaving = {}
  for _, each in ipairs(last) do
    each()
  end
end
function commands.track(name)
  local track = { name = name, items = {}, number = #project.tracks + 1, selected = true }
  for _, other in ipairs(project.tracks) do
    other.selected = false
  end
  pointer("MediaTrack", track)
  table.insert(project.tracks, track)
end
function commands.unselect()
  for _, track in ipairs(project.tracks) do
    track.selected = false
  end
end
function commands.delete()
  for _, track in ipairs(project.tracks) do
    track.gone = true
  end
  project.tracks = {}
end
-- Close the project and open another one, with no track, in its place.
function commands.close()
  commands.delete()
  project.gone = true
  project = { tracks = {}, tempo = { { bar = 0, bpm = 120, num = 4, denom = 4 } }, cursor = 0, selection = { 0, 0 } }
  active = pointer("ReaProject", project)
end
function commands.tempo(text)
  local bar, bpm, num, denom = text:match("(%S+) (%S+) (%S+) (%S+)")
  bar = math.tointeger(tonumber(bar))
  local marker = { bar = bar, bpm = tonumber(bpm), num = math.tointeger(num), denom = math.tointeger(denom) }
  if bar == 0 then
    project.tempo = {}
  end
  table.insert(project.tempo, marker)
end
function commands.cursor(text)
  project.cursor = tonumber(text)
end
function commands.select(text)
  local from, to = text:match("(%S+) (%S+)")
  project.selection = { tonumber(from), tonumber(to) }
end
function commands.answer(text)
  table.insert(state.answers, text)
end
function commands.press(text)
  table.insert(state.press, math.tointeger(tonumber(text)))
end
function commands.rate(text)
  state.rate = tonumber(text)
end
function commands.device(text)
  state.device = text
end
function commands.play(text)
  state.plays, state.position = 1, tonumber(text)
end
function commands.halt()
  state.plays = 0
end
function commands.look() end

for line in io.lines() do
  local command, text = line:match("^(%S+) ?(.*)$")
  local fine, trouble = xpcall(commands[command], debug.traceback, text)
  io.write(json(fine and shown() or { error = trouble }), "\n")
  io.flush()
end
