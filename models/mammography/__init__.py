"""The reference model: lesions, density and a study score of screening mammography."""
