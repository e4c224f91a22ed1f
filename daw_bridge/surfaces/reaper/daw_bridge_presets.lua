-- Show the presets as a menu at the mouse, make the one that is chosen, and put its best take onto the selected track.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local LIST = "/bridge/presets"

local function choose(names)
  local x, y = reaper.GetMousePosition()
  gfx.init("daw-bridge", 0, 0, 0, x, y)
  gfx.x, gfx.y = gfx.mouse_x, gfx.mouse_y
  local choice = gfx.showmenu(table.concat(names, "|"))
  gfx.quit()
  return names[choice]
end

local function make(spot, ...)
  local name = choose({ ... })
  if name then
    bridge.make({ "/bridge/preset/" .. name }, name, spot)
  end
end

local spot = bridge.spot()
if spot then
  local exchange, reason = bridge.exchange()
  local asked = exchange
  if exchange then
    asked, reason = exchange:ask({ LIST })
  end
  if not asked then
    bridge.say(reason)
  else
    bridge.follow(exchange, {
      [LIST .. ".reply"] = function(...)
        make(spot, ...)
        return true
      end,
      ["/bridge/error"] = function(_, code, text)
        bridge.say(("The presets cannot be listed (%s):\n\n%s"):format(code, text))
        return true
      end,
    })
  end
end
