"""What can be known of Varde while it runs: one catalogue of metrics, one exporter."""
