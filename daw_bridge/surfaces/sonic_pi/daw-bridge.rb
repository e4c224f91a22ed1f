# daw-bridge from Sonic Pi: ask for a clip by its prompt, hear what becomes of it, and loop the best take.
# The daemon must run: daw-bridge serve
#
# Paste this into a buffer and press Run. Sonic Pi hears OSC at port 4560 (Prefs → IO → Incoming OSC Port), and puts
# /osc and the sender in front of every address.

use_bpm 120
use_osc "127.0.0.1", 9310

live_loop :daw_bridge_delivered do
  use_real_time
  id, rank, score, path = sync "/osc*/bridge/delivered"
  puts "take #{rank} of #{id}, score #{score.round(3)}: #{path}"
  set :clip, path if rank == 1 # 1 is the best
end

live_loop :daw_bridge_failed do
  use_real_time
  id, code, message = sync "/osc*/bridge/failed"
  puts "failed #{id}: #{message} (#{code})"
end

live_loop :daw_bridge_error do
  use_real_time
  address, code, message = sync "/osc*/bridge/error"
  puts "#{address}: #{message} (#{code})"
end

# Ask: any keys of a job in pairs. The tempo is that of this buffer.
osc "/bridge/generate", "dusty breakbeat", "bars", 2, "takes", 2, "bpm", current_bpm, "reply_port", 4560

puts "asked; if nothing follows, no daemon is there: start daw-bridge serve"

# Play what has come, over and over; another take or another clip comes in when this one is through.
live_loop :clip do
  path = get[:clip]
  if path
    sample path
    sleep sample_duration(path)
  else
    sleep 1
  end
end
