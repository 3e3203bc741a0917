"""The written rules: those that compare one value with another. One module per subject, as in ``schemas.tables``.

Belongs here: rules between the fields of a record, between records of a table, and between tables. Does not belong
here: what a single field implies (``schemas.generated``), what makes a file unreadable (``schemas.gate``).
"""
