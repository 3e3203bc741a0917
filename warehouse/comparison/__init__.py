"""Comparison of services: which differences are more than chance.

Belongs here: statistics in Python and as macros of the file, the case-mix model, the order of the marts that
compare. Does not belong here: those marts (``warehouse/mart``), the measures (``warehouse.measures``).
"""
