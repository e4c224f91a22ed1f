-- Ask what it should sound like, make it, and put the best take onto the selected track: at the time selection, which says
-- how many bars, or at the next bar line after the edit cursor.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local spot = bridge.spot()
if spot then
  local _, name = reaper.GetTrackName(spot.track)
  name = name:match("^Track %d+$") and "" or name:gsub(",", " ")
  local fine, answers = reaper.GetUserInputs(
    "daw-bridge: generate",
    3,
    "What should it sound like?,Bars (1 to 64),Takes (1 to 16),extrawidth=240",
    name .. "," .. (spot.bars or 4) .. ",4"
  )
  if fine then
    local prompt, bars, takes = answers:match("^%s*(.-)%s*,%s*([^,]*),%s*([^,]*)$")
    if prompt == "" then
      bridge.say("The prompt is empty.\n\nSay what it should sound like, such as\n\n    dusty breakbeat, tape hiss")
    else
      spot.bars = nil -- the answer counts
      bridge.make({ "/bridge/generate", prompt, "bars", bars, "takes", takes }, prompt, spot)
    end
  end
end
