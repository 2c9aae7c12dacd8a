"""What an algorithm is: its manifest, its preprocessing and how its output becomes findings."""
