"""The documentation of the dataset, for people.

Belongs here: pages and files made from the declarations: rules, dictionary, code lists, instruments, templates,
and ``parity explain``. Does not belong here: the declarations (``schemas``), writing files to disk
(``pipelines``).
"""
