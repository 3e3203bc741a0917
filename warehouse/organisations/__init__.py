"""Organisations: reading what the Organisation Data Service publishes, and the places that figures count in.

Belongs here: the layout of reference files, the tidy copy in the data root, organisations, successions, places and
periods in schema ``ref``. Does not belong here: adding figures up (``warehouse.measures``).
"""
