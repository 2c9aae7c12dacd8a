"""Chest CT: lungs, nodules and pleural fluid."""
