"""What a site gets back for a submission: its verdict as data, page, workbook and CSV.

Belongs here: turning findings into something that the person who prepares the extract can act on. Does not belong
here: deciding what is wrong (``transforms``).
"""
