"""The report to a site on a submission: its verdict as data, page, workbook and CSV.

Belongs here: presenting findings so that the person who prepares the extract can act on them. Does not belong
here: deciding what is wrong (``transforms``).
"""
