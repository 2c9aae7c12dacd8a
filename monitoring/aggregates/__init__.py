"""Days as sums: what a site's studies looked like, without any of them."""
