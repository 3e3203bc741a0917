"""The file of answers beside an extract: ``explanations.csv``, which travels with it.

Belongs here: reading and writing it. Does not belong here: what an answer covers (``transforms.plausible``),
recording it (``pipelines.explaining``).

The file itself is not kept. Only rows that can be used are, and no other text of it is printed.
"""

import csv
import io
import re
from pathlib import Path

from pipelines.names import ANSWERS
from pipelines.reasons import kept
from schemas.errors import NotAsked
from transforms.plausible.answers import Answer
from transforms.plausible.questions import is_question

COLUMNS = ("question", "until", "who", "why")
LARGEST = 64 << 10
_MONTH = r"20[0-9]{2}-(0[1-9]|1[0-2])"
# As many answers as nobody gives for one month.
_MOST_ROWS = 200


def answer(question: str, why: str, who: str, until: str) -> Answer:
    """An answer as it is kept, not yet about a submission. Raises NotAsked, without any text of it."""
    if not is_question(question):
        raise NotAsked("That is no question. Copy its id from the report, such as PAST-IDS201.")
    if not re.fullmatch(_MONTH, until):
        raise NotAsked("--until is the last month for which the answer holds, such as 2026-03.")
    said = kept(why, "--why", "a new team began in May")
    by = kept(who, "--who", "data manager")
    return Answer(question, said, by, until, month="", records=0, more=False)


def read(content: bytes) -> tuple[tuple[Answer, ...], list[str]]:
    """The answers in a file, and why each other row is not used, by its number."""
    answers: list[Answer] = []
    unused: list[str] = []
    if len(content) > LARGEST:
        return (), [f"the file is larger than {LARGEST >> 10} KB"]
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return (), ["the file is no CSV file in UTF-8"]
    if not rows or [name.strip().lower() for name in rows[0]] != list(COLUMNS):
        return (), [f"the columns must be {', '.join(COLUMNS)}"]
    for number, row in enumerate(rows[1 : _MOST_ROWS + 1], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            question, until, who, why = (cell.strip() for cell in row)
            answers.append(answer(question, why, who, until))
        except NotAsked as refused:
            unused.append(f"row {number}: {str(refused).replace('--', '')}")
        except ValueError:
            unused.append(f"row {number}: it must have {len(COLUMNS)} cells")
    return tuple(answers), unused


def write(folder: Path, given: Answer) -> Path:
    """Add an answer to the file in a submission's folder. One to the same question is replaced. Returns the file.

    Raises NotAsked if the file that is there is not one of ours.
    """
    path = folder / ANSWERS
    before: tuple[Answer, ...] = ()
    if path.exists():
        before, unused = read(path.read_bytes())
        if unused:
            raise NotAsked(f"{ANSWERS} has rows that cannot be used ({unused[0]}). Correct them first.")
    rows = [each for each in before if each.question != given.question] + [given]
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark, so that Excel reads it as UTF-8
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(each, name) for name in COLUMNS] for each in rows)
    return path
