"""`lrfind schema`: the JSON Schema of a config, for editors."""

from __future__ import annotations

import json

from lrfind.cli.terminal import put


def schema() -> None:
    """Print the JSON Schema of a config, for editors and validators."""
    from lrfind import config

    put(json.dumps(config.schema(), indent=2) + "\n")
