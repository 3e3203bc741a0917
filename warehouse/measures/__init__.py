"""The national measures: a catalogue of rows and the one generated pass that counts them all.

Belongs here: the catalogue (``*.csv``, one file per subject) and what reads it. Does not belong here: the facts of
the predicates (``warehouse/core``) and how counts become comparable figures (``warehouse/mart``).
"""
