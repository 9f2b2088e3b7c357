"""Freed memory is kept by the process: told by page faults, which no clock disturbs."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import threading
from lrfind.engine import jax_settings

if {keep}:
    jax_settings.keep_freed()
from lrfind.engine import devices
devices.configure("cpu", cache=False)
import jax, jax.numpy as jnp

program = jax.jit(lambda x: x[:, None] + x)
x = jnp.ones(3000)  # a result of 36 MB: glibc always maps what is above 32 MB

def calls():
    for _ in range(5):
        program(x).block_until_ready()

for _ in range(5):  # The heap grows to what is needed at first, in the main thread and in another.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=calls)
    thread.start()
    thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    program = PROGRAM.format(keep=keep)
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told to keep freed memory")
def test_a_buffer_is_not_mapped_anew_at_every_call() -> None:
    assert faults(keep=True) * 2 < faults(keep=False)
