-- Put the best take of the last job onto the selected track, at the next bar line after the edit cursor.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local name, paths = bridge.remembered()
local spot = name and bridge.spot()
if spot then
  bridge.insert(spot, name, paths, 1)
end
