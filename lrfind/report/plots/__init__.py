"""Figures and terminal plots: views (what to show, in fractions of the axes), panels, and one figure per document."""
