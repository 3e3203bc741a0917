"""Hostile values in records, headers and names of columns: what other programs would run, follow or believe.

Belongs here: payloads, broken keys and impossible dates, and headers that do not agree. Does not belong here: the
faults that rules describe (``corpus.by_rule``).
"""

from collections.abc import Iterator
from pathlib import Path

from tests.corpus import Case
from tests.fixtures.example import Change, example

REFERRALS = "IDS101Referral.csv"

# In a local identifier, in a code and in a number; and as the name of a column.
_PAYLOADS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "'; DROP TABLE x; --", "1' OR '1'='1",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "${jndi:ldap://x}", "%s%s%n", "{0.__class__}",
    "../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "$(id)", "`id`", "|id", "&x;", "]]>", "\\N", "NULL", "None", "nan",
    "\u202e2", "\ufeff2", "2\u200b", "\u0662", "２", "A\u0301", "^.*$", "*", "0x10", "1e400", "-0", "999999999999999999999999", "true",
    "Jane Doe", "LA1 4YW", "9990000018", "999 000 0018", "1980-06-15", "jane.doe@nhs.net",
)  # fmt: skip
_DATES = (
    "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "2026-04-00", "0000-00-00", "0000-01-01", "0001-01-01", "9999-12-31",
    "10000-01-01", "-2026-04-01", "1899-12-31", "26-04-01", "2026-4-1", "20260401", "01/04/2026", "2026/04/01", "01-Apr-2026",
    "2026-W14-3", "2026-091", "46113", "1775001600", "2026-04-01T00:00:00", "2026-04-01 00:00:00", "2026-04-01Z", "２０２６-04-01",
    "2026‑04‑01", "2026-04-01\u00a0", "today", "now()",
)  # fmt: skip
_HEADERS: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("in small letters", {"OrgIDProv": "rw5"}),
    ("of nobody", {"OrgIDProv": "ZZZ"}),
    ("with a site for a provider", {"OrgIDProv": "RW501"}),
    ("with a look-alike for a provider", {"OrgIDProv": "RW５"}),
    ("with SQL for a provider", {"OrgIDProv": "RW5' --"}),
    ("with an NHS number for a provider", {"OrgIDProv": "9990000018"}),
    ("without a provider", {"OrgIDProv": None}),
    ("without a version", {"DatSetVer": None}),
    ("of a longer version", {"DatSetVer": "1.0.0"}),
    ("of a version with a blank", {"DatSetVer": "1. 0"}),
    ("of the year 1", {"ReportingPeriodStartDate": "0001-04-01", "ReportingPeriodEndDate": "0001-04-30"}),
    ("of the year 9999", {"ReportingPeriodStartDate": "9999-12-01", "ReportingPeriodEndDate": "9999-12-31"}),
    ("of a month to come", {"ReportingPeriodStartDate": "2199-04-01", "ReportingPeriodEndDate": "2199-04-30"}),
    ("of a month turned round", {"ReportingPeriodStartDate": "2026-04-30", "ReportingPeriodEndDate": "2026-04-01"}),
    ("of one day", {"ReportingPeriodStartDate": "2026-04-01", "ReportingPeriodEndDate": "2026-04-01"}),
    ("of a month with a day too many", {"ReportingPeriodEndDate": "2026-04-31"}),
    ("of a quarter", {"ReportingPeriodEndDate": "2026-06-30"}),
    ("made before its month", {"DateTimeDatSetCreate": "2026-03-01T00:00:00"}),
    ("made in 2199", {"DateTimeDatSetCreate": "2199-01-01T00:00:00"}),
    ("made at no time", {"DateTimeDatSetCreate": "2026-05-06T25:61:61"}),
    ("with a formula for a system", {"PrimSystemInUse": "=1+1"}),
    ("with a long system", {"PrimSystemInUse": "x" * 500}),
    ("submitted by a path", {"OrgIDSubmit": "../../x"}),
)
_KEYS: tuple[tuple[str, tuple[Change, ...]], ...] = (
    ("a referral twice", (("IDS101", 99, {}),)),
    ("a patient twice", (("IDS001", 99, {}),)),
    ("a contact twice", (("IDS201", 99, {}),)),
    ("a referral of nobody", (("IDS101", 0, {"LocalPatientId": "NOBODY"}),)),
    ("a contact of no referral", (("IDS201", 0, {"ServiceRequestId": "NOTHING"}),)),
    ("a referral without a patient", (("IDS101", 0, {"LocalPatientId": None}),)),
    ("a referral without a number", (("IDS101", 0, {"ServiceRequestId": None}),)),
    ("a patient without a number", (("IDS001", 0, {"LocalPatientId": None}),)),
    ("a long number", (("IDS101", 0, {"ServiceRequestId": "R" * 21}),)),
    ("a number as long as may be", (("IDS101", 99, {"ServiceRequestId": "R" * 20}),)),
    ("a number of blanks", (("IDS101", 0, {"ServiceRequestId": "   "}),)),
    ("a number of invisible characters", (("IDS101", 0, {"ServiceRequestId": "\u200b\u200b"}),)),
    ("two numbers that differ by case", (("IDS101", 98, {"ServiceRequestId": "X1"}), ("IDS101", 99, {"ServiceRequestId": "x1"}))),
    ("two numbers that look alike", (("IDS101", 98, {"ServiceRequestId": "A1"}), ("IDS101", 99, {"ServiceRequestId": "\u04101"}))),
    ("two numbers that differ by form", (("IDS101", 98, {"ServiceRequestId": "\u00e9"}), ("IDS101", 99, {"ServiceRequestId": "e\u0301"}))),
    ("two numbers that differ by a blank", (("IDS101", 98, {"ServiceRequestId": "X 1"}), ("IDS101", 99, {"ServiceRequestId": "X1"}))),
    ("two numbers that differ by zeros", (("IDS101", 98, {"ServiceRequestId": "01"}), ("IDS101", 99, {"ServiceRequestId": "1"}))),
    ("an NHS number of nobody", (("IDS001", 0, {"NHSNumber": "0000000000"}),)),
    ("an NHS number of many", (("IDS001", 0, {"NHSNumber": "9999999999"}),)),
    ("an NHS number with a wrong check digit", (("IDS001", 0, {"NHSNumber": "9990000019"}),)),
    ("an NHS number in Arabic digits", (("IDS001", 0, {"NHSNumber": "٩٩٩٠٠٠٠٠١٨"}),)),
    ("an NHS number with blanks", (("IDS001", 0, {"NHSNumber": "999 000 0018"}),)),
    ("a patient born tomorrow", (("IDS001", 0, {"PersonBirthDate": "2026-05-01"}),)),
    ("a patient born in 1800", (("IDS001", 0, {"PersonBirthDate": "1800-01-01"}),)),
    ("a patient who died before birth", (("IDS001", 0, {"PersDeathDate": "1900-01-01"}),)),
    ("a discharge before the referral", (("IDS101", 0, {"ServDischDate": "2000-01-01", "EndCode": "46"}),)),
    ("a referral after the month", (("IDS101", 0, {"ReferralRequestReceivedDate": "2026-05-15"}),)),
    ("a contact before its referral", (("IDS201", 0, {"CareContDate": "2000-01-01"}),)),
)  # fmt: skip


def value_cases() -> Iterator[Case]:
    """A case per payload, per date, per header and per key."""
    for payload in _PAYLOADS:
        shown = payload.encode("unicode_escape").decode()
        changes: tuple[Change, ...] = (
            ("IDS101", 0, {"SourceOfReferralMH": payload, "OrgIDComm": payload}),
            ("IDS201", 0, {"CareContactId": payload, "ClinContDurOfCareCont": payload}),
            ("IDS001", 0, {"Gender": payload, "LanguageCodePreferred": payload}),
        )
        yield Case(f"value {shown}", lambda root, changes=changes: example(root, *changes))
        yield Case(f"column called {shown}", lambda root, payload=payload: _column(root, payload))
    for day in _DATES:
        shown, change = day.encode("unicode_escape").decode(), ("IDS101", 0, {"ReferralRequestReceivedDate": day})
        yield Case(f"date {shown}", lambda root, change=change: example(root, change))
    for name, header in _HEADERS:
        yield Case(f"identity {name}", lambda root, header=header: example(root, ("IDS000", 0, header)))
    for name, keys in _KEYS:
        yield Case(f"key {name}", lambda root, keys=keys: example(root, *keys))


def _column(root: Path, name: str) -> Path:
    folder = example(root)
    file = folder / REFERRALS
    names, *rows = file.read_text(encoding="utf-8").splitlines()
    quoted = '"' + name.replace('"', '""') + '"'
    text = "\n".join([f"{names},{quoted}", *(f"{row},x" for row in rows)])
    file.write_text(f"{text}\n", encoding="utf-8")
    return folder
