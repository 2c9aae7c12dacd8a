"""An algorithm of this site's own: see `card.md`."""
