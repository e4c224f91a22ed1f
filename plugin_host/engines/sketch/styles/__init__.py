"""The styles: data, not code. To add one, add a row to the family that it feels at home in."""

from collections.abc import Mapping

from plugin_host.engines.sketch.style import Style
from plugin_host.engines.sketch.styles.broken import BROKEN
from plugin_host.engines.sketch.styles.heavy import HEAVY
from plugin_host.engines.sketch.styles.played import PLAYED
from plugin_host.engines.sketch.styles.steady import STEADY

STYLES: Mapping[str, Style] = {style.name: style for style in (*STEADY, *BROKEN, *HEAVY, *PLAYED)}
"""Every style by its name."""
