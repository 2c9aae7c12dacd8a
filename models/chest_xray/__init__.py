"""The reference model: five findings on a frontal chest radiograph, trained on simulated images."""
