"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# On a laptop properties are tried on new examples every time; a gate has to say the same thing twice.
settings.register_profile("gate", settings.get_profile("any machine"), derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "any machine")
