-- Make what the selected track is called, without a question, and put the best take onto it: at the time selection, which
-- says how many bars, or at the next bar line after the edit cursor.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local spot = bridge.spot()
if spot then
  local _, name = reaper.GetTrackName(spot.track)
  if name:match("^Track %d+$") or name:match("^%s*$") then
    bridge.say("The track has no name.\n\nName it after the sound that you want, such as\n\n    dusty breakbeat, tape hiss")
  else
    bridge.make({ "/bridge/generate", name }, name, spot)
  end
end
