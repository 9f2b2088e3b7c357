"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# On a laptop properties are tried on new examples every time; a gate has to say the same thing twice.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")
