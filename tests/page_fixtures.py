"""Checked submissions made by hand, to see what a site's report makes of them; and a browser to look at it with.

Belongs here: findings as the checks would leave them, in their real shape, and how a page is shown. Does not belong
here: submissions on disk (``submission_fixtures``).
"""

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl

from schemas.dataset import TABLES
from schemas.ruleset import ruleset
from schemas.versions import Version
from transforms.findings import FINDINGS, REJECTIONS
from transforms.receive import Received
from transforms.submission import Header, SubmissionChecked
from transforms.validate import Checked

APRIL = Header("RW5", date(2026, 4, 1), date(2026, 4, 30), Version.SMI_1_0)
NOBODY = Header()
ROWS_IN = {"IDS000": 1, "IDS001": 120, "IDS101": 150, "IDS201": 900, "IDS202": 1_100, "IDS607": 700}

BAD_DATE = "IDS101-ReferralRequestReceivedDate-FORMAT"
BAD_NUMBER = "IDS001-NHSNumber-FORMAT"
NO_ID = "IDS101-ServiceRequestId-BLANK"
OLD_CODE = "IDS101-EndCode-CODE"

Told = tuple[Any, ...]


def broken(rule_id: str, rows: Iterable[int | None], found: Iterable[str | None] | str | None = None) -> list[Told]:
    """Findings of a rule about rows of its table, with the value or values found."""
    rule = RULES[rule_id]
    numbers = list(rows)
    values = [found] * len(numbers) if found is None or isinstance(found, str) else list(found)
    return [
        (rule.table or None, row, rule.id, rule.effect.value, ", ".join(rule.fields) or None, value, None, None)
        for row, value in zip(numbers, values, strict=True)
    ]


def about_file(rule_id: str, table: str | None = None, *found: str) -> list[Told]:
    """Findings of a rule of the gate about a table's file, or about the submission."""
    effect = RULES[rule_id].effect.value
    return [(table, None, rule_id, effect, None, value, None, None) for value in found or (None,)]


def fell(table: str, rows: Iterable[int], root: str, root_row: int) -> list[Told]:
    """Findings about rows that fell with another record."""
    rule = RULES[f"{table}-FALLS"]
    field = rule.fields[0]
    return [(table, row, rule.id, rule.effect.value, field, None, root, root_row) for row in rows]


def checked(
    *told: list[Told], header: Header = APRIL, rows_in: Mapping[str, int] = ROWS_IN, unread: str = ""
) -> SubmissionChecked:
    """A submission with these findings. ``unread`` is a table that came and could not be read."""
    findings = pl.DataFrame([line for lines in told for line in lines], schema=FINDINGS, orient="row")
    tables, received = {}, {}
    for table_id, number in rows_in.items():
        own = findings.filter(pl.col("table") == table_id)
        rejecting = own.filter(pl.col("effect").is_in(REJECTIONS) & pl.col("row_number").is_not_null())
        tables[table_id] = Checked(own, number, rejecting["row_number"].unique().sort())
        rows = None if table_id == unread else pl.LazyFrame()
        places = {name: index for index, name in enumerate(TABLES[table_id].by_name)}
        received[table_id] = Received(TABLES[table_id], rows, number, columns=places)
    return SubmissionChecked(header, tables, findings, received)


def clean() -> SubmissionChecked:
    """A submission with nothing to correct."""
    return checked()


def rejected_file() -> SubmissionChecked:
    """A file that cannot count, with records that would be rejected besides."""
    return checked(
        about_file("GATE-TABLE-UNKNOWN", None, "holiday photos"),
        about_file("GATE-COLUMN-UNKNOWN", "IDS101", "Surname", "Address line 1"),
        broken(BAD_DATE, [5, 6, 9], ["02/04/2026", "02/04/2026", "tomorrow"]),
        fell("IDS201", [2, 3], "IDS101", 5),
        header=NOBODY,
    )


def many_rejections() -> SubmissionChecked:
    """An accepted submission with something of everything: two roots that took 48 and 1 rows with them, warnings."""
    return checked(
        about_file("GATE-COLUMN-ABSENT", "IDS001", "Gender", "EthnicCategory"),
        broken(BAD_NUMBER, [14]),
        broken(BAD_DATE, [5, 6, 9], ["02/04/2026", "02/04/2026", "tomorrow"]),
        broken(NO_ID, [9, 31]),
        broken(OLD_CODE, range(60, 101), ["~"] * 20 + [str(n) for n in range(21)]),
        fell("IDS101", [44], "IDS001", 14),
        fell("IDS201", range(2, 34), "IDS101", 5),
        fell("IDS202", range(2, 18), "IDS101", 5),
        fell("IDS201", [50], "IDS001", 14),
    )


RULES = ruleset(APRIL.version or Version.SMI_1_0, date(2026, 4, 1), date(2026, 4, 30))

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=15000",
    "--allow-file-access-from-files",
)  # fmt: skip


def axe() -> Path | None:
    """The axe-core script that a Python package brings with it."""
    found = importlib.util.find_spec("axe_playwright_python")
    return Path(found.origin).with_name("axe.min.js") if found and found.origin else None


def dom_after(page: Path, workspace: Path) -> str:
    """The page as a browser has it once its scripts have run."""
    assert CHROMIUM
    arguments = [CHROMIUM, *_FLAGS, f"--user-data-dir={workspace / 'browser'}", "--dump-dom", page.as_uri()]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=True).stdout


def violations(html: str, tags: list[str], workspace: Path) -> list[str]:
    """What axe-core finds on the page: "rule: selector" for every element that breaks one."""
    script = axe()
    assert script
    runner = (
        "document.querySelectorAll('details').forEach(detail => detail.open = true);"
        f"axe.run(document, {{runOnly: {json.dumps(tags)}}}).then(found => {{"
        "const told = document.createElement('pre'); told.id = 'told';"
        "told.textContent = JSON.stringify([found.passes.length, found.violations.flatMap("
        "rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))]);"
        "document.body.append(told); });"
    )
    without_policy = "".join(
        line for line in html.splitlines(keepends=True) if "Content-Security-Policy" not in line
    )
    scripts = f"<script>{script.read_text(encoding='utf-8')}</script><script>{runner}</script></body>"
    copy = workspace / "looked-at.html"
    copy.write_text(without_policy.replace("</body>", scripts), encoding="utf-8")
    told = dom_after(copy, workspace).rpartition('<pre id="told">')[2].partition("</pre>")[0]
    passes, found = json.loads(unescape(told))
    assert passes > 10  # it did look
    return list(found)
