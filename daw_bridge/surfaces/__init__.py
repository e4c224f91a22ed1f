"""Surfaces: what lies in the DAW or on a tablet and speaks to the daemon, and how it comes there.

Each surface is a folder of plain files with a page about itself, ``surface.toml``. The modules put them into place::

    catalogue   which surfaces there are: their pages, read and checked
    places      in which folders a DAW looks for such files, on three systems
    told        the file in which a surface is told where the daemon is
    receipts    what was written where, so that nothing else is ever touched
    sites       a surface at its place, and how it is with each of its files
    installer   how files come there, are renewed, and go
"""
