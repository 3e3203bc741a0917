"""The national measures: a catalogue of rows and the one generated pass that counts them all.

Belongs here: ``measures.csv`` and what reads it. Does not belong here: the facts the predicates speak of
(``warehouse/core``) and how counts become comparable figures (``warehouse/mart``).
"""
