"""Reports: documents as text or bytes, by the table of `lrfind.report.render`. Nothing here prints or needs jax.

A folder for each document (``sweep``, ``train``, ``check``, ``compare``, ``diagnosis``), for figures and plots
(``plots``) and for pages (``html``). Only ``background`` starts a process. ``plots`` imports matplotlib or plotext,
``sweep_text`` and ``comparison_report`` import rich, and all are imported when they are called.
"""
