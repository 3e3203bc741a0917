"""The minimum dataset, one subject per module; each exports ``TABLES``.

Belongs here: nothing but the modules. Does not belong here: the list of all tables (``schemas.dataset``) and
rules across fields.
"""
