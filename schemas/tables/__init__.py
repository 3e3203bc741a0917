"""The minimum dataset, one subject per module. Each module exports ``TABLES``.

Belongs here: only these modules. Does not belong here: the list of all tables (``schemas.dataset``) and rules
across fields.
"""
