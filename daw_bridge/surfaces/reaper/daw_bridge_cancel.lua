-- Cancel what was asked for in REAPER and is not done.

local bridge = dofile(debug.getinfo(1, "S").source:match("^@(.*[/\\])") .. "daw_bridge.lua")

local jobs = bridge.running()
if #jobs == 0 then
  bridge.say("Nothing that was asked for in REAPER is being made.\n\nWhat others asked for is cancelled where they did.")
else
  local messages = {}
  for _, job in ipairs(jobs) do
    messages[#messages + 1] = { "/bridge/cancel", job }
  end
  messages[#messages + 1] = { "/bridge/sync", 0 }
  local exchange, reason = bridge.exchange()
  local asked = exchange
  if exchange then
    asked, reason = exchange:ask(table.unpack(messages))
  end
  if not asked then
    bridge.say(reason)
  else
    bridge.follow(exchange, {
      ["/bridge/synced"] = function()
        for _, job in ipairs(jobs) do
          bridge.ended(job)
        end
        return true
      end,
      ["/bridge/error"] = function(_, code, text)
        bridge.say(("The job cannot be cancelled (%s):\n\n%s"):format(code, text))
      end,
    })
  end
end
