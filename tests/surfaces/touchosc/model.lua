-- A model of what TouchOSC lends to scripts, as its manual has it, and nothing else: whoever asks for more breaks.
-- The caller has put the controls into `controls`, in the order of the file, the root first.
-- Lines on standard input: `touch NAME X` moves the value x of a control; `hear PATH TAG VALUE …` (split by tabs) lets a
-- message come in; `read NAME` writes what a label says. What is sent is written as `send PATH TAG VALUE …`.

local function strict(what, fields)
  local refuse = function(_, key) error(what .. ' has no ' .. tostring(key), 2) end
  return setmetatable({}, {
    __index = function(_, key)
      if fields[key] == nil then refuse(nil, key) end
      return fields[key]
    end,
    __newindex = function(_, key, value)
      if type(fields[key]) ~= type(value) then refuse(nil, key) end
      fields[key] = value
    end,
  })
end

local faces, environments, by_name = {}, {}, {}

local function sendOSC(message, ...)
  assert(select('#', ...) == 0 and #message == 2, 'sendOSC takes {path, arguments} here')
  local line = {'send', message[1]}
  for _, argument in ipairs(message[2]) do
    assert(argument.tag == 's' and type(argument.value) == 'string'
      or argument.tag == 'i' and math.type(argument.value + 0) == 'integer', 'a tag and its value differ')
    line[#line + 1] = argument.tag
    line[#line + 1] = tostring(argument.value)
  end
  print(table.concat(line, '\t'))
end

for index, control in ipairs(controls) do
  local fields = {name = control.name, tag = control.tag, values = strict('values', control.values)}
  fields.findByName = function(_, name, recursive)
    assert(index == 1 and recursive == true, 'only the root is asked here, and all below it')
    return faces[by_name[name] or error('there is no control ' .. name)]
  end
  fields.notify = function(_, key, value)
    environments[index].onReceiveNotify(key, value)
  end
  faces[index] = strict('control', fields)
  if control.name ~= '' then by_name[control.name] = index end
end

for index, control in ipairs(controls) do
  if control.script ~= '' then
    local lent = {math = math, string = string, table = table, ipairs = ipairs, tostring = tostring, sendOSC = sendOSC}
    lent.self, lent.root = faces[index], faces[1]
    environments[index] = setmetatable(lent, {__index = function(_, key) error('there is no ' .. key, 2) end})
    assert(load(control.script, control.name, 't', environments[index]))()
  end
end

for line in io.lines() do
  local words = {}
  for word in (line .. '\t'):gmatch('(.-)\t') do words[#words + 1] = word end
  local verb, name = words[1], words[2]
  if verb == 'touch' then
    faces[by_name[name]].values.x = tonumber(words[3]) + 0.0
    local script = environments[by_name[name]]
    if script then script.onValueChanged('x') end
  elseif verb == 'hear' then
    local arguments = {}
    for place = 3, #words, 2 do
      local value = words[place + 1]
      if words[place] ~= 's' then value = tonumber(value) end
      arguments[#arguments + 1] = {tag = words[place], value = value}
    end
    print('heard', environments[1].onReceiveOSC({name, arguments}, {true}))
  else
    print('says', faces[by_name[name]].values.text or '')
  end
end
