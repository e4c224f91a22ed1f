-- Run by ardour7-lua: makes a session with a tempo map and one track, and lets somebody use the script in it.
-- arg[1]: a file that returns {here = this folder, session =, rate =, map = {{bar =, tempo =, n =, d =}}, script =,
-- uses = {{at = where the playhead stands: a bar, and parts of one, user =}}, bars = so many lines are told of}.
local case = assert (loadfile (arg[1])) ()
local gui = assert (loadfile (case.here .. "/gui.lua")) ()

AudioEngine:set_backend ("None (Dummy)", "", "")
Session = create_session (case.session, "sess", case.rate)
assert (Session and Session:nominal_sample_rate () == case.rate, "the session has another rate")

local function line (map, bar) return map:sample_at_beats (map:quarters_at_bbt (Temporal.BBT_TIME (bar, 1, 0))) end

for _, part in ipairs (case.map) do
	local map = Temporal.TempoMap.fetch_writable ()
	local at = Temporal.timepos_t (line (map, part.bar))
	map:set_tempo (Temporal.Tempo (part.tempo, part.tempo, 4), at)
	map:set_meter (Temporal.Meter (part.n, part.d), at)
	Temporal.TempoMap.update (map)
	map = nil
	collectgarbage ()
end
Session:new_audio_track (2, 2, nil, 1, "clips", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)

-- The sample that lies `bars` bars into the song, part of a bar included.
local function sample (bars)
	local map = Temporal.TempoMap.read ()
	local whole = math.floor (bars)
	local from, to = line (map, whole), line (map, whole + 1)
	return math.floor (from + (bars - whole) * (to - from))
end

-- Lets a hook tick while the song rolls, as often as asked, and tells where the playhead was each time, and when.
local function roll (hook, ticks)
	Session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
	while not Session:transport_rolling () do ARDOUR.LuaAPI.usleep (5000) end
	for _ = 1, ticks do
		hook ()
		gui.tell ("rolls", Session:transport_sample (), string.format ("%.0f", ARDOUR.LuaAPI.monotonic_time ()))
		ARDOUR.LuaAPI.usleep (100000)
	end
end

for _, use in ipairs (case.uses) do
	local at = sample (use.at)
	Session:request_locate (at, false, ARDOUR.LocateTransportDisposition.MustStop, ARDOUR.TransportRequestSource.TRS_UI)
	while Session:transport_sample () ~= at do ARDOUR.LuaAPI.usleep (5000) end
	local user = use.user
	if user.bars then user.range = { sample (user.bars[1]), sample (user.bars[2]) } end
	if user.loses then assert (os.remove (user.loses)) end
	local script = gui.load_script (case.script, user)
	script ()
	if user.ticks then roll (script, user.ticks) end
end

local map = Temporal.TempoMap.read ()
for bar = 1, case.bars do gui.tell ("line", bar, line (map, bar)) end
map = nil
collectgarbage ()
Session:save_state ("")
close_session ()
quit ()
