"""Floor 4: the program that claims jobs, runs models and stores what they say."""
