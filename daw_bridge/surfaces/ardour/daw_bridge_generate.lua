ardour {
	["type"]    = "EditorAction",
	name        = "daw-bridge: generate a clip",
	author      = "daw-bridge",
	license     = "MIT",
	description = [[
Asks for a prompt and puts the best take on the selected track, exactly at a bar line, in the tempo, meter and sample
rate that the session has there. With a time selection, the clip takes its place and its bars; without one, it begins
at the next bar line from the playhead. The daemon must run: daw-bridge serve]]
}

-- Ardour keeps the bytecode of this function and nothing around it: all that it uses stands inside.
function factory () return function ()
	local WAIT = 100000 -- microseconds between two looks into the folder
	local LONG = 20     -- seconds after which the window says what may be wrong

	local function say (text, kind)
		LuaDialog.Message ("daw-bridge", text, kind or LuaDialog.MessageType.Warning, LuaDialog.ButtonType.Close):run ()
	end

	-- What the installer wrote beside this script: where the daemon listens, and where its clips land.
	local function settings ()
		local folder = ARDOUR.LuaAPI.build_filename (ARDOUR.user_config_directory (-1), "scripts")
		local read = loadfile (ARDOUR.LuaAPI.build_filename (folder, "daw_bridge_settings.lua"))
		return read and read () or {}
	end

	-- The first of the selected tracks that takes audio; nil if there is none.
	local function selected_track ()
		for route in Editor:get_selection ().tracks:routelist ():iter () do
			local track = route:to_track ()
			if not track:isnil () and track:to_midi_track ():isnil () then return track end
		end
	end

	-- The sample on which the tempo map has the line before `bar`. Ardour cuts off what is behind the point.
	local function line (map, bar)
		return map:sample_at_beats (map:quarters_at_bbt (Temporal.BBT_TIME (bar, 1, 0)))
	end

	-- The number of the first bar whose line is not before `sample`: one sample is what the cutting off may take.
	local function bar_from (map, sample)
		local bar = map:bbt_at (Temporal.timepos_t (sample)).bars
		while line (map, bar) + 1 < sample do bar = bar + 1 end
		return bar
	end

	-- The bar whose line is nearest to `sample`.
	local function nearest_bar (map, sample)
		local after = bar_from (map, sample)
		if after > 1 and sample - line (map, after - 1) < line (map, after) - sample then return after - 1 end
		return after
	end

	-- Where the clip goes, and for how many bars: the time selection, or four bars from the playhead.
	local function place (map)
		local range = Editor:get_selection ().time
		local from, to = range:start_sample (), range:end_sample ()
		if from < to then
			local bar = nearest_bar (map, from)
			return bar, math.max (1, nearest_bar (map, to) - bar)
		end
		return bar_from (map, Session:transport_sample ()), 4
	end

	-- The path of the best take of `job` once it lies in the folder: it is renamed into it when it is whole.
	local function landed (folder, job)
		local name, list = "*_" .. job .. "_r1.wav", nil
		if ARDOUR.LuaAPI.build_filename ("a", "b") == "a\\b" then
			list = io.popen ('dir /b "' .. folder .. "\\" .. name .. '" 2>nul')
		else
			list = io.popen ("ls -d '" .. folder:gsub ("'", "'\\''") .. "'/" .. name .. " 2>/dev/null")
		end
		local found = list and list:read ("l")
		if list then list:close () end
		if found and not found:find (folder, 1, true) then -- `dir` leaves the folder out
			found = ARDOUR.LuaAPI.build_filename (folder, found)
		end
		return found
	end

	local where = settings ()
	if not where.clips then
		say ("The folder of the clips is not known here. Run this in a terminal, then try again:\n\n"
			.. "daw-bridge surfaces --install ardour")
		return
	end

	local track = selected_track ()
	local map = Temporal.TempoMap.read ()
	local bar, bars = place (map)
	map = nil -- a tempo map that a script holds cannot be changed by anybody
	local asked = LuaDialog.Dialog ("daw-bridge: clip at bar " .. bar, {
		{ type = "entry", key = "prompt", title = "Prompt", default = track and track:name () or "dusty breakbeat" },
		{ type = "number", key = "bars", title = "Bars", min = 1, max = 64, step = 1, digits = 0, default = bars },
		{ type = "number", key = "takes", title = "Takes", min = 1, max = 16, step = 1, digits = 0, default = 4 },
	}):run ()
	if not asked then return end
	if not asked.prompt:find ("%S") then
		say ("The prompt is empty. Say what the clip shall sound like, such as: dusty breakbeat")
		return
	end

	map = Temporal.TempoMap.read ()
	local at = line (map, bar)
	local inside = Temporal.timepos_t (at + 1) -- the sample of the line may lie a hair before it, in the tempo before it
	local tempo, meter = map:tempo_at (inside), map:meter_at (inside)
	local job = string.format ("ardour-%d-%d", os.time (), math.floor (os.clock () * 1e6) % 1000000)
	local host = where.host or "127.0.0.1"
	local daemon = ARDOUR.LuaOSC.Address (
		string.format (host:find (":") and "osc.udp://[%s]:%d" or "osc.udp://%s:%d", host, where.port or 9310))
	-- (It returns false even when it has sent.)
	daemon:send ("/bridge/generate", "s" .. "ss" .. "si" .. "sf" .. "ss" .. "si" .. "si", asked.prompt, "id", job,
		"bars", math.floor (asked.bars), "bpm", tempo:quarter_notes_per_minute (),
		"meter", meter:divisions_per_bar () .. "/" .. meter:note_value (),
		"takes", math.floor (asked.takes), "rate", math.floor (Session:nominal_sample_rate ()))
	map, tempo, meter = nil, nil, nil

	local window = LuaDialog.ProgressWindow ("daw-bridge: " .. asked.prompt, true)
	local looks, path = 0, nil
	repeat
		looks = looks + 1
		local seconds = looks * WAIT / 1000000
		local words = string.format ("%.0f s", seconds)
		if seconds > LONG then
			words = words .. " – nothing in " .. where.clips .. ": does daw-bridge serve run? Its log says what became of " .. job
		end
		if window:progress (seconds / (seconds + 5), words) or window:canceled () then
			daemon:send ("/bridge/cancel", "s", job)
			window:done ()
			return
		end
		path = landed (where.clips, job)
		if not path then ARDOUR.LuaAPI.usleep (WAIT) end
	until path
	window:done ()

	local files = C.StringVector ()
	files:push_back (path)
	local of_midi = ARDOUR.MidiTrackNameSource -- must be said of audio too, and later versions have another word
	Editor:do_import (files, Editing.ImportDistinctFiles, track and Editing.ImportToTrack or Editing.ImportAsTrack,
		ARDOUR.SrcQuality.SrcBest, of_midi.SMFTrackName or of_midi.SMFFileAndTrackName,
		ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore, Temporal.timepos_t (at), ARDOUR.PluginInfo (),
		track or ARDOUR.Track (), false)
end end
