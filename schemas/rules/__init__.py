"""The written rules: those that compare one value with another, one subject per module as in ``schemas.tables``.

Belongs here: rules between the fields of a record, between records of a table, and between tables. Does not belong
here: what a single field implies (``schemas.generated``), what makes a file unfit to read (``schemas.gate``).
"""
