"""The reference model: lesions, density and an exam score of screening mammography."""
