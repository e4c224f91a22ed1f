"""MIDI: what a controller sends, what that means, and what lights up.

event            a key, a knob, a tick: one thing that was sent; and a light that is sent back
driver           the process that keeps the ports open: `system` and `network` ports, `reading`, `outbox`
words            what that process and the daemon tell each other
ports            the daemon's side of it
binding  maps    a control and what it does; maps of them, read from TOML (those that come along lie in ``maps/``)
learned lessons  the bindings that were learnt by touching a control, and how that goes
desk             which binding an event means
lights           what a pad shows of its job
"""
