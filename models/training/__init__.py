"""What every training shares: cases on disk, the loop, the export, the release into the folder.

`cases`, `progress` and `release` need numpy alone; `loop` and `export` need the extra `train`.
"""
