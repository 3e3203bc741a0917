"""The profile of the submission, as a file of the report: what the next submissions are compared with.

Belongs here: writing it. Does not belong here: what is counted (``transforms.plausible.profile``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transforms.plausible.profile import FILE
from transforms.submission import SubmissionChecked


def write(folder: Path, checked: SubmissionChecked, _: Mapping[str, Any]) -> None:
    """Write ``profile.json``; nothing of a file that is rejected, since it is not one to compare with."""
    if checked.profile is None or checked.is_file_rejected:
        (folder / FILE).unlink(missing_ok=True)
    else:
        (folder / FILE).write_text(checked.profile.to_json(), encoding="utf-8")
