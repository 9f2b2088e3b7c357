"""Configs: what they can say (schema), and how a file becomes one, or a list of what is wrong with it (load)."""

from __future__ import annotations

from lrfind.config.catalog import Option, options
from lrfind.config.json_schema import schema
from lrfind.config.load import Loaded, load
from lrfind.config.schema import Config, assumptions
from lrfind.config.template import starter

__all__ = ["Config", "Loaded", "Option", "assumptions", "load", "options", "schema", "starter"]
