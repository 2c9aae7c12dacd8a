"""`varde models new`: the folder of a further algorithm, with everything but its knowledge."""
