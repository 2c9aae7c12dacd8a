"""What is kept of the watch over algorithms: days, references, evaluations, cases and truths."""
