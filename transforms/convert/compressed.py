"""A single table packed by gzip, such as IDS101Referral.csv.gz.

Belongs here: unpacking it up to the limits of the door. Does not belong here: zips (``pipelines.members``), the
text inside (``transforms.convert.text``).
"""

import gzip
import zlib
from pathlib import Path

from schemas import limits
from transforms.convert.converter import Converter, NotConverted, Note

_CHUNK = 1 << 20


def _write(path: Path, _: str | None, out: Path) -> list[Note]:
    packed, size = max(path.stat().st_size, 1), 0
    try:
        with gzip.open(path) as file, out.open("xb") as written:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > limits.FILE_BYTES:
                    raise NotConverted("GATE-LIMIT-BYTES", "a file that grows")
                if size > limits.RATIO_FROM and size > limits.RATIO * packed:
                    raise NotConverted("GATE-LIMIT-RATIO", f"more than {limits.RATIO:,}")
                written.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise NotConverted("GATE-ZIP", "it ends in .gz, and it is damaged or not packed by gzip") from None
    return [Note("GATE-READ-FORM", "tables packed by gzip")]


CONVERTER = Converter((".csv.gz", ".txt.gz", ".tsv.gz"), "a table packed by gzip", None, _write)
