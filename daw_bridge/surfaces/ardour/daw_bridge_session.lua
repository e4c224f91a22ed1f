ardour {
	["type"]    = "EditorHook",
	name        = "daw-bridge: keep in step",
	author      = "daw-bridge",
	license     = "MIT",
	description = [[
Tells the daemon the tempo, meter, sample rate and position of the session and whether it plays, ten times a second, so
that clips which are asked for from elsewhere (a pad, a tablet, a terminal) fit it too, and play from its bar lines]]
}

function signals ()
	return LuaSignal.Set ():add ({ [LuaSignal.LuaTimerDS] = true })
end

-- Ardour keeps the bytecode of this function and nothing around it: all that it uses stands inside.
function factory ()
	local AGAIN = 20 -- ticks after which everything is told again, since the daemon may have been started meanwhile
	local QUARTER = 1920 -- Ardour's ticks in a quarter note

	local daemon = nil
	local told, ticks = {}, 0

	local function tell (address, types, value)
		if told[address] ~= value then
			daemon:send (address, types, value)
			told[address] = value
		end
	end

	return function ()
		if not Session then return end
		if not daemon then -- where it listens, as the installer wrote it beside this script
			local folder = ARDOUR.LuaAPI.build_filename (ARDOUR.user_config_directory (-1), "scripts")
			local read = loadfile (ARDOUR.LuaAPI.build_filename (folder, "daw_bridge_settings.lua"))
			local where = read and read () or {}
			local host = where.host or "127.0.0.1"
			daemon = ARDOUR.LuaOSC.Address (
				string.format (host:find (":") and "osc.udp://[%s]:%d" or "osc.udp://%s:%d", host, where.port or 9310))
		end
		if ticks % AGAIN == 0 then told = {} end
		ticks = ticks + 1

		local at = Temporal.timepos_t (Session:transport_sample ())
		local map = Temporal.TempoMap.read ()
		local tempo, meter, place = map:tempo_at (at), map:meter_at (at), map:bbt_at (at)
		tell ("/bridge/samplerate", "i", math.floor (Session:nominal_sample_rate ()))
		tell ("/tempo/raw", "f", tempo:quarter_notes_per_minute ())
		tell ("/time/signature", "s", string.format ("%.0f / %.0f", meter:divisions_per_bar (), meter:note_value ()))
		local rolls = Session:transport_rolling ()
		tell ("/play", "i", rolls and 1 or 0)
		if rolls then
			local beat = 4 * QUARTER / meter:note_value ()
			tell ("/beat/str", "s", string.format ("%.0f.%.0f.%02.0f",
				place.bars, place.beats, math.floor (100 * place.ticks / beat)))
		end
		map, tempo, meter, place = nil, nil, nil, nil -- a tempo map that a script holds cannot be changed by anybody
	end
end
