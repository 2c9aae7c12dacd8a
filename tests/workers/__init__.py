"""What the tests of the workers share: images, a tiny network, and a place with jobs."""
