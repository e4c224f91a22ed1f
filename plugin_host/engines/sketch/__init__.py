"""The `sketch` engine: drums, bass, chords and a melody, arranged and synthesised from a prompt and a seed.

From words to sound, in the order of the work: `words` and `hints` hear what is asked, `brief` settles the rest,
`arrange` has the players (`beats`, `bassline`, `comping`, `melody`) write a `score`, the `rack` makes its sounds
(`drums`, `tone`, `cloud`, `effects`), `perform` lays them on a `ring`, and `mix` finishes it. What a style, a mood,
a kit or a timbre is stands in tables (`styles`, `moods`, `kits`, `timbres`) that a musician can add a row to.
"""

from plugin_host.engines.sketch.engine import SketchEngine

__all__ = ["SketchEngine"]
