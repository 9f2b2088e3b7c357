"""Sphinx builds these pages: sphinx-build -W --keep-going -b html docs OUT."""

from lrfind.core import __version__

project = "lrfind"
author = "The lrfind authors"
release = __version__

exclude_patterns = ["build"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
highlight_language = "none"

# The docstrings are Google's, with code in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "sphinx_book_theme"
html_title = "lrfind"
html_copy_source = False
html_show_copyright = False
