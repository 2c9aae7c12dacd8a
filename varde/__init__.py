"""The command `varde`: the one place that knows every program and starts them."""
