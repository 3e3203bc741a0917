"""How much of a submission is read: the limits of the door, each a number with its reason.

Belongs here: limits of size that are looked at before anything is read, the same at a site and at the centre. Does
not belong here: what the machine gives to one submission, which the centre sets (``pipelines.apart``).

The largest honest submission that was measured has 10 M contacts and 14 M scores: 47 M rows, 2.8 GB of CSV
(docs/performance.md). That is more than all services of England send in a month. Every limit lets it through.
"""

ROWS = 25_000_000
"""Rows of one table. The largest table of the largest honest submission has 14 M."""

COLUMNS = 256
"""Columns of one table. The widest table of the dataset has 22. A table of 100,000 columns took 24 s and 1 GB."""

ROW_BYTES = 64 << 10
"""Bytes of one row of CSV, and of one value in Parquet. The longest valid record has about 1,300."""

FILE_BYTES = 8 << 30
"""Bytes of one file, unpacked. The largest file of the largest honest submission has 1.4 GB."""

TOTAL_BYTES = 16 << 30
"""Bytes of all files of a submission, unpacked. The largest honest one has 2.8 GB."""

FILES = 64
"""Files of a submission. The dataset has 26 tables."""

RATIO = 200
"""Times that a zip may unpack to its own size. Real extracts reach 30; a bomb reaches 1,028, as deflate allows."""

RATIO_FROM = 64 << 20
"""Bytes from which the ratio counts: whatever is small once unpacked does no harm."""

DIRECTORY_BYTES = 1 << 20
"""Bytes of the list of files in a zip. 64 files take 10 KB; a list of a million entries takes 1 GB of memory."""

GROUP_ROWS = 2 << 20
"""Rows of one row group of Parquet, which is read as one. Common writers make groups of 122,880 to 1,048,576."""

ROWS_PER_BYTE = 10
"""Rows of Parquet for each byte of its file, from ``ROWS_PER_BYTE_FROM`` rows on. The demonstration's tables reach
1.1 under the strongest compression, since records name people. Copies of one record need almost no room: 543 KB
held 12 M rows, 22 for each byte.
"""

ROWS_PER_BYTE_FROM = 1_000_000

FOOTER_BYTES = 4 << 20
"""Bytes of the footer of a Parquet file, which describes every row group. 25 M rows of 22 columns need 1 MB."""

CELLS = 64 << 20
"""Cells of a sheet between its first and its last, for each of which a reader makes room. Excel has at most
1,048,576 rows, and the widest table has 22 columns: 23 M cells.
"""

WORKBOOK_BYTES = 4 << 30
"""Bytes of a workbook, unpacked. A sheet with all rows that Excel has takes about 1.3 GB."""

DATABASE_BYTES = 2 << 30
"""Bytes of an Access database, which Access itself does not exceed."""
