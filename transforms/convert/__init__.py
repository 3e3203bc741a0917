"""From what sites have to CSV: other formats, written as UTF-8 CSV with commas, one file per table.

Belongs here: one module per format, each with a ``CONVERTER``. To add a format, add its module. Row k of a sheet is
line k of the CSV, and its first column is the first, so that a finding names the place that the person sees. Does
not belong here: what is in the rows (``transforms.receive``), which file is which table (``pipelines.names``).

What is written is what is kept. The workbook or database itself is not: it has hidden sheets, deleted records and
names of authors in it.
"""

from functools import cache

from schemas.modules import declared
from transforms.convert.converter import Converter


@cache
def converters() -> dict[str, Converter]:
    """The formats that are turned into CSV, by the ending of the name, such as ``.xlsx``."""
    return {ending: each for each in declared(__name__, "CONVERTER") for ending in each.endings}
