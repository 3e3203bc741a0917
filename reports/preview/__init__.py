"""The preview of a site's own figures: what it consists of, as a page, as CSV and as lines for a terminal.

Belongs here: wording and files of a preview. Does not belong here: making it (``pipelines.preview``), the report on
findings (``reports.site``).
"""
