"""`lrfind schema`: the JSON Schema of a config, for editors."""

from __future__ import annotations

import json

from lrfind.cli.terminal import write_stdout


def schema() -> None:
    """Print the JSON Schema of a config, for editors and validators."""
    from lrfind import config

    write_stdout(json.dumps(config.schema(), indent=2) + "\n")
