"""Causes: one fault of a program or a spreadsheet that breaks many rules at once, found and said once.

Belongs here: finding causes over columns and tables (``found``), and which findings each explains (``explained``).
Does not belong here: what is said of a cause (``schemas.causes``), rules (``transforms.validate``), how a cause is
shown (``reports.site``).

A cause is only said where it is certain. One wrong value says nothing: people mistype. Where many values of a
column have one wrong form, and each would be right in that form, a program wrote them.
"""
