"""Reports: each a function from a `Result` to text or bytes. None reads or writes a file, prints, or needs jax.

Import the module you need: ``figure`` imports matplotlib, ``terminal`` plotext, ``console`` rich; ``records``,
``markdown`` and ``text`` need none of them.
"""
