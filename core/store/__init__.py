"""The database and the files. Rows never leave this folder: queries give domain objects."""
