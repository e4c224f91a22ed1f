-- What Ardour's window offers a script and its engine alone does not: the selection, dialogs, the progress window, and
-- the importer. Everything else that a script sees in the tests is Ardour. Names, arguments and results are those of
-- Ardour 7.3's class reference; whatever it does not have is an error here.

local function strict (name, members)
	return setmetatable (members, { __index = function (_, key) error (name .. " has no " .. tostring (key), 2) end })
end

local function check (value, kind, what)
	assert (type (value) == kind, what .. " is a " .. type (value) .. ", not a " .. kind)
end

-- One line for the test that reads along: words, separated by tabs.
local function tell (...)
	io.stdout:write (table.concat ({ ... }, "\t"), "\n")
	io.stdout:flush ()
end

-- `user` is who sits in front of the window:
-- {bars = {from, to} of the time selection, tracks = {names of those selected}, answers = to a dialog, nil for its Cancel,
-- cancel = looks at the progress until its Cancel, loses = a file that is removed before, ticks = how long a hook runs}.
local function window (user)
	local gui = {}

	gui.Editing = strict ("Editing", { ImportDistinctFiles = "distinct", ImportToTrack = "to track", ImportAsTrack = "as track" })

	gui.Editor = strict ("Editor", {
		get_selection = function ()
			local routes = ARDOUR.RouteListPtr ()
			for _, name in ipairs (user.tracks or {}) do routes:push_back (Session:route_by_name (name)) end
			local range = user.range or { 0, 0 }
			return strict ("Selection", {
				tracks = strict ("TrackSelection", { routelist = function () return routes end }),
				time = strict ("TimeSelection", {
					start_sample = function () return range[1] end,
					end_sample = function () return range[2] end,
				}),
			})
		end,
		do_import = function (_, files, disposition, mode, quality, names, map, at, plugin, track, markers)
			assert (files:size () == 1 and disposition == "distinct" and plugin ~= nil)
			assert (quality == ARDOUR.SrcQuality.SrcBest, "the importer would convert with less than the best")
			assert (names == ARDOUR.MidiTrackNameSource.SMFTrackName)
			assert (map == ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore, "the importer would change the tempo map")
			assert ((mode == "as track") == track:isnil (), "the track and the mode contradict each other")
			check (markers, "boolean", "with_markers")
			tell ("import", files:table ()[1], at:samples (), track:isnil () and "" or track:name ())
		end,
	})

	gui.LuaDialog = strict ("LuaDialog", {
		MessageType = strict ("MessageType", { Info = 0, Warning = 1, Question = 2, Error = 3 }),
		ButtonType = strict ("ButtonType", { OK = 0, Close = 1 }),
		Message = function (title, text, kind, button)
			check (title, "string", "a message's title") check (text, "string", "a message's text")
			check (kind, "number", "a message's kind") check (button, "number", "a message's button")
			return strict ("Message", { run = function () tell ("message", (text:gsub ("%s+", " "))) return 2 end })
		end,
		Dialog = function (title, fields)
			check (title, "string", "a dialog's title")
			local shown = {}
			for _, field in ipairs (fields) do
				assert (({ entry = true, number = true })[field.type] and field.key and field.title)
				shown[field.key] = field.default
			end
			return strict ("Dialog", { run = function ()
				tell ("dialog", title, shown.prompt, shown.bars)
				for key, answer in pairs (user.answers or {}) do
					assert (shown[key] ~= nil, "nobody asks for " .. key)
					shown[key] = answer
				end
				return user.answers and shown or nil
			end })
		end,
		ProgressWindow = function (title, cancellable)
			check (title, "string", "a window's title") check (cancellable, "boolean", "whether it has a button")
			local looks, last = 0, 0
			return strict ("ProgressWindow", {
				progress = function (_, fraction, text)
					check (text, "string", "a window's text")
					assert (last <= fraction and fraction <= 1, "progress that falls")
					looks, last = looks + 1, fraction
					return user.cancel ~= nil and looks >= user.cancel
				end,
				canceled = function () return user.cancel ~= nil and looks >= user.cancel end,
				done = function () tell ("closed") end,
			})
		end,
	})

	gui.LuaSignal = strict ("LuaSignal", {
		LuaTimerDS = "every tenth of a second",
		Set = function ()
			local wanted = {}
			return strict ("Set", {
				add = function (self, more) for each in pairs (more) do wanted[each] = true end return self end,
				table = function () return wanted end,
			})
		end,
	})
	return gui
end

-- Loads a script as Ardour's script manager does: a sandbox without some of Lua, and of the script only the bytecode of
-- its factory, without upvalues.
local function load_script (path, user)
	local found = {}
	local outside = setmetatable ({ ardour = function (described) found.described = described end }, { __index = _G })
	for key, value in pairs (window (user)) do outside[key] = value end
	assert (loadfile (path, "t", outside)) ()
	assert (found.described["type"] and found.described.name, "the script does not describe itself")
	local inside = {}
	for key, value in pairs (_G) do inside[key] = value end
	for key, value in pairs (window (user)) do inside[key] = value end
	for _, taken in ipairs { "dofile", "require", "package", "debug", "rawget", "rawset", "coroutine" } do
		inside[taken] = nil
	end
	inside.os = setmetatable ({ exit = false, setlocale = false }, { __index = os })
	local signals = rawget (outside, "signals")
	local hook = found.described["type"] == "EditorHook"
	assert (hook == (signals ~= nil), "a hook has signals, and an action has none")
	assert (not hook or signals ():table ()["every tenth of a second"], "the hook does not hear the timer")
	return load (string.dump (rawget (outside, "factory"), true), nil, "b", inside) ()
end

return { load_script = load_script, tell = tell }
