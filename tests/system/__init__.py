"""The whole platform as processes, with real peers."""
