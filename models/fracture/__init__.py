"""The reference model: fractures of wrist and hand, trained on simulated radiographs."""
