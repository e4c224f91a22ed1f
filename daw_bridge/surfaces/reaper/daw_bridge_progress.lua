-- Show in the console how far a job is, or show it no longer.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local shows = not bridge.shows_progress()
reaper.SetExtState("daw-bridge", "progress", shows and "1" or "0", true)
bridge.note(shows and "progress is shown here from now on" or "progress is not shown any more")
