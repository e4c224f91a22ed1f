-- What the panel does beyond what TouchOSC does by itself. This is the script of the layout's root; buttons and faders
-- notify it. The file beside, daw-bridge.tosc, holds a copy: it is written by `python tests/panels.py`.

-- Where the reports of what is asked here come back to: "Receive Port" of the OSC connection on this device.
local PORT = 9311

local BARS = {0, 1, 2, 4, 8, 16} -- what the fader can say; 0 leaves it to the preset
local MOST_TAKES = 16            -- likewise from 0

local function at(name)
  return self:findByName(name, true)
end

local function bars()
  return BARS[1 + math.floor(at('bars').values.x * (#BARS - 1) + 0.5)]
end

local function takes()
  return math.floor(at('takes').values.x * MOST_TAKES + 0.5)
end

local function write(name, text)
  at(name).values.text = text
end

local function add(said, key, number)
  said[#said + 1] = {tag = 's', value = key}
  said[#said + 1] = {tag = 'i', value = number}
end

-- A button that starts a job: its tag is the address.
local function ask(address)
  local said = {}
  if address ~= '/bridge/again' then
    if bars() > 0 then add(said, 'bars', bars()) end
    if takes() > 0 then add(said, 'takes', takes()) end
  end
  add(said, 'reply_port', PORT)
  sendOSC({address, said})
end

-- A fader was moved: its tag is the lowest and highest of what it means, and the unit.
local function show(name)
  local text
  if name == 'bars' then
    text = bars() > 0 and string.format('%d bars', bars()) or 'bars of the preset'
  elseif name == 'takes' then
    text = takes() > 0 and string.format('%d takes', takes()) or 'takes of the preset'
  else
    local low, high, unit = at(name).tag:match('^(%S+) (%S+) (%S+)$')
    text = string.format('%.1f %s', low + (high - low) * at(name).values.x, unit)
  end
  write(name .. ' says', text)
end

function onReceiveNotify(key, value)
  if key == 'ask' then
    ask(value)
  elseif key == 'show' then
    show(value)
  end
end

function onReceiveOSC(message, connections)
  local path, words = message[1], {}
  local report = path:match('^/bridge/(%a+)$')
  if not report then return false end
  for index, argument in ipairs(message[2]) do
    words[index] = argument.value
  end
  if report == 'progress' then
    at('progress').values.x = words[2]
    write('stage', words[3])
  elseif report == 'queued' then
    at('progress').values.x = 0
    write('stage', string.format('waiting, about %.0f s', words[3]))
  elseif report == 'done' then
    at('progress').values.x = 1
    write('stage', string.format('%d clips in %.1f s', words[2], words[3]))
  elseif report == 'cancelled' then
    at('progress').values.x = 0
    write('stage', 'cancelled')
  elseif report == 'failed' or report == 'error' then
    at('progress').values.x = 0
    write('stage', words[2])
    write('message', words[3])
  elseif report == 'warning' then
    write('message', words[2])
  elseif report == 'delivered' then
    if words[2] == 1 then write('message', words[4]:match('[^/\\]+$')) end
  elseif report == 'playing' or report == 'stopped' then
    write('message', string.format('%s %s, take %d', report, words[1], words[2]))
  else
    return false
  end
  return true
end
