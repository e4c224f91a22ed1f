{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   100.0,
   100.0,
   680.0,
   360.0
  ],
  "openinpresentation": 1,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridsize": [
   15.0,
   15.0
  ],
  "devicewidth": 320.0,
  "boxes": [
   {
    "box": {
     "id": "about",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20,
      10,
      620,
      20
     ],
     "text": "daw-bridge: controls above, daw_bridge.js in the middle, UDP below. The daemon is at 127.0.0.1:9310; if yours is not, change [udpsend]."
    }
   },
   {
    "box": {
     "id": "prompt",
     "maxclass": "textedit",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "",
      "int",
      "",
      ""
     ],
     "patching_rect": [
      20,
      50,
      260,
      44
     ],
     "presentation": 1,
     "presentation_rect": [
      8,
      8,
      214,
      44
     ],
     "text": "dusty breakbeat",
     "keymode": 1,
     "outputmode": 1,
     "parameter_enable": 0,
     "annotation": "What you want"
    }
   },
   {
    "box": {
     "id": "presets",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "patching_rect": [
      300,
      50,
      160,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      8,
      58,
      214,
      22
     ],
     "items": [
      "-",
      ",",
      "acid-line",
      ",",
      "big-beat-break",
      ",",
      "boom-808",
      ",",
      "boom-bap-loop",
      ",",
      "break-fill",
      ",",
      "choir-pad",
      ",",
      "chord-swell",
      ",",
      "cinematic-braam",
      ",",
      "dark-drone",
      ",",
      "deep-impact",
      ",",
      "drum-build",
      ",",
      "dub-techno-chords",
      ",",
      "dusty-boom-bap",
      ",",
      "dusty-rhodes",
      ",",
      "foggy-morning",
      ",",
      "footwork-drums",
      ",",
      "four-on-the-floor",
      ",",
      "full-house-loop",
      ",",
      "funk-finger-bass",
      ",",
      "funk-guitar",
      ",",
      "hand-percussion",
      ",",
      "house-piano-stabs",
      ",",
      "house-tops",
      ",",
      "jungle-break",
      ",",
      "kit-fill",
      ",",
      "liquid-roller-loop",
      ",",
      "lo-fi-study-loop",
      ",",
      "lo-fi-vibes",
      ",",
      "midnight-pad",
      ",",
      "night-market-loop",
      ",",
      "noise-riser",
      ",",
      "one-drop-dub-loop",
      ",",
      "outrun-arp",
      ",",
      "reese-bass",
      ",",
      "saw-hook",
      ",",
      "seven-eight-groove",
      ",",
      "shimmer-pad",
      ",",
      "sub-bass-line",
      ",",
      "synthwave-drive-loop",
      ",",
      "trance-supersaws",
      ",",
      "trap-808",
      ",",
      "trap-bells",
      ",",
      "trap-half-time",
      ",",
      "two-step-loop",
      ",",
      "vinyl-dust",
      ",",
      "warehouse-drums",
      ",",
      "warm-analog-pad"
     ],
     "parameter_enable": 0,
     "annotation": "A preset instead of a prompt"
    }
   },
   {
    "box": {
     "id": "bars",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      480,
      50,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      272,
      8,
      40,
      22
     ],
     "minimum": 0,
     "maximum": 64,
     "parameter_enable": 0,
     "annotation": "Bars; 0 is as the preset or the daemon says"
    }
   },
   {
    "box": {
     "id": "takes",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      540,
      50,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      272,
      33,
      40,
      22
     ],
     "minimum": 0,
     "maximum": 16,
     "parameter_enable": 0,
     "annotation": "Takes; 0 is as the preset or the daemon says"
    }
   },
   {
    "box": {
     "id": "bars-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      480,
      30,
      40,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      232,
      9,
      40,
      20
     ],
     "text": "bars"
    }
   },
   {
    "box": {
     "id": "takes-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      540,
      30,
      40,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      232,
      34,
      40,
      20
     ],
     "text": "takes"
    }
   },
   {
    "box": {
     "id": "generate",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      20,
      120,
      80,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      8,
      86,
      73,
      22
     ],
     "text": "Generate",
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "say-generate",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20,
      150,
      70,
      22
     ],
     "text": "generate"
    }
   },
   {
    "box": {
     "id": "again",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      110,
      120,
      80,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      85,
      86,
      73,
      22
     ],
     "text": "Again",
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "say-again",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      110,
      150,
      70,
      22
     ],
     "text": "again"
    }
   },
   {
    "box": {
     "id": "cancel",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      200,
      120,
      80,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      162,
      86,
      73,
      22
     ],
     "text": "Cancel",
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "say-cancel",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      200,
      150,
      70,
      22
     ],
     "text": "cancel"
    }
   },
   {
    "box": {
     "id": "land",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      290,
      120,
      80,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      239,
      86,
      73,
      22
     ],
     "text": "Land",
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "say-land",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      290,
      150,
      70,
      22
     ],
     "text": "land"
    }
   },
   {
    "box": {
     "id": "text-first",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "bang",
      "bang"
     ],
     "patching_rect": [
      120,
      180,
      40,
      22
     ],
     "text": "t b b"
    }
   },
   {
    "box": {
     "id": "menu",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "patching_rect": [
      400,
      120,
      120,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      232,
      58,
      80,
      22
     ],
     "items": [
      "-"
     ],
     "parameter_enable": 0,
     "annotation": "The takes, best first"
    }
   },
   {
    "box": {
     "id": "is-preset",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      300,
      90,
      80,
      22
     ],
     "text": "prepend preset"
    }
   },
   {
    "box": {
     "id": "is-bars",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      480,
      180,
      80,
      22
     ],
     "text": "prepend bars"
    }
   },
   {
    "box": {
     "id": "is-takes",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      560,
      180,
      80,
      22
     ],
     "text": "prepend takes"
    }
   },
   {
    "box": {
     "id": "is-take",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      400,
      180,
      80,
      22
     ],
     "text": "prepend take"
    }
   },
   {
    "box": {
     "id": "mind",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "",
      "",
      "",
      ""
     ],
     "patching_rect": [
      20,
      230,
      300,
      22
     ],
     "text": "js daw_bridge.js 9312"
    }
   },
   {
    "box": {
     "id": "to-daemon",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20,
      290,
      160,
      22
     ],
     "text": "udpsend 127.0.0.1 9310"
    }
   },
   {
    "box": {
     "id": "from-daemon",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      340,
      230,
      120,
      22
     ],
     "text": "udpreceive 9312"
    }
   },
   {
    "box": {
     "id": "words",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      190,
      290,
      260,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      8,
      138,
      304,
      20
     ],
     "text": "daw-bridge"
    }
   },
   {
    "box": {
     "id": "progress",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      460,
      290,
      140,
      14
     ],
     "presentation": 1,
     "presentation_rect": [
      8,
      116,
      304,
      14
     ],
     "size": 101.0,
     "orientation": 1,
     "ignoreclick": 1,
     "parameter_enable": 0
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "say-generate",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "again",
      0
     ],
     "destination": [
      "say-again",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "say-again",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cancel",
      0
     ],
     "destination": [
      "say-cancel",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "say-cancel",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "land",
      0
     ],
     "destination": [
      "say-land",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "say-land",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "generate",
      0
     ],
     "destination": [
      "text-first",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "text-first",
      1
     ],
     "destination": [
      "prompt",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "text-first",
      0
     ],
     "destination": [
      "say-generate",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "presets",
      1
     ],
     "destination": [
      "is-preset",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "is-preset",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "bars",
      0
     ],
     "destination": [
      "is-bars",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "is-bars",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "takes",
      0
     ],
     "destination": [
      "is-takes",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "is-takes",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "menu",
      0
     ],
     "destination": [
      "is-take",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "is-take",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "prompt",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "mind",
      0
     ],
     "destination": [
      "to-daemon",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "mind",
      1
     ],
     "destination": [
      "words",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "mind",
      2
     ],
     "destination": [
      "progress",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "mind",
      3
     ],
     "destination": [
      "menu",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "from-daemon",
      0
     ],
     "destination": [
      "mind",
      0
     ]
    }
   }
  ]
 }
}
