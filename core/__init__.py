"""Floor 1: the domain, the store, the queue, the settings and the logs."""
