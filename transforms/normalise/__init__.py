"""Normalising: values of cells that are spelled otherwise than declared, read as what they plainly mean.

Belongs here: finding such cells, reading them, and saying so in notes. Does not belong here: which spellings there
are (``schemas.spellings``), names of columns (``transforms.receive.table``), formats of files
(``transforms.receive``).
"""
