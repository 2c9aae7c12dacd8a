"""What a radiologist's report says of each finding, by rules that a site can read and edit."""
