"""What Varde talks about, in frozen dataclasses of the standard library alone."""
