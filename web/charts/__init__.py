"""Figures drawn on the server: SVG without scripts or inline styles, the same bytes every time."""
