-- daw-bridge from TidalCycles 1.9 or newer: a pattern asks for clips. The daemon must run: daw-bridge serve
--
-- Put this above the line of your BootTidal.hs that starts Tidal, and add (bridgeTarget, bridgeShapes) to the targets
-- in that line, which then reads, for instance:
--
--   tidalInst <- mkTidalWith [(superdirtTarget { oLatency = 0.05 }, [superdirtShape]), (bridgeTarget, bridgeShapes)] defaultConfig
--
-- Then, in a session:
--
--   once $ bridgeTempo 130
--   once $ preset "four-on-the-floor" # bars 4
--   once $ prompt (pure "dusty breakbeat") # bars 2
--   once $ cancelJob "all"
--
-- (once, since a pattern that goes on asks again in every cycle; pure, since a prompt has spaces.)
-- Tidal hears no reports. The clips land in the daemon's folder; SuperDirt plays what lies in one when it is told, in
-- SuperCollider: ~dirt.loadSoundFiles("/that/folder")

:{
let bridgeTarget = Target { oName = "daw-bridge", oAddress = "127.0.0.1", oPort = 9310, oLatency = 0.2,
                            oSchedule = Live, oWindow = Nothing, oHandshake = False, oBusPort = Nothing }
    -- A message goes out when a pattern gives all that stands as Nothing here, and the name in the path.
    bridgeShapes =
      [ OSC "/bridge/generate" $ ArgList [("prompt", Nothing), ("barsKey", Just $ VS "bars"), ("bars", Just $ VI 4)]
      , OSC "/bridge/preset/{preset}" $ ArgList [("barsKey", Just $ VS "bars"), ("bars", Just $ VI 4)]
      , OSC "/bridge/tempo" $ ArgList [("bridgeTempo", Nothing)]
      , OSC "/bridge/cancel" $ ArgList [("cancelJob", Nothing)]
      ]
    prompt = pS "prompt"
    preset = pS "preset"
    bars = pI "bars"
    bridgeTempo = pF "bridgeTempo"
    cancelJob = pS "cancelJob"
:}
