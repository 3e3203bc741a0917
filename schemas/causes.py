"""Causes: one fault of a program or a spreadsheet that breaks many rules at once.

Belongs here: what is said of each cause. Does not belong here: finding them (``transforms.causes``), the gate's own
reasons why a file cannot be read (``schemas.gate``), which are causes already.

A cause stands for the findings it explains. It costs what the heaviest of them costs. A cause that rejects the file
by itself says so in its effect: values under a wrong heading may be wrong where no rule can see it.
"""

from typing import NamedTuple

from schemas.rule import Dimension, Effect, Level, Owner, Rule


class Example(NamedTuple):
    """A value as found and as it should be, of nobody: said where no value of the file may be shown."""

    found: str
    should_be: str


def _cause(
    name: str, message: str, fix: str, why: str, effect: Effect = Effect.REJECT_RECORD, level: Level = Level.FILE
) -> Rule:
    dimension, owner = Dimension.CONFORMANCE, Owner.INFORMATICS
    return Rule(f"CAUSE-{name}", "", effect, (), "", message, fix, why, dimension, level, owner=owner)


_AGAIN = "Export again with dates as CCYY-MM-DD, such as 2026-04-01."
_AS_TEXT = "Export again. If you must open the file in Excel, import every column as text."

CAUSES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        _cause(
            "HEADINGS-SWAPPED",
            "Headings stand over each other's values: {found}.",
            "Put each heading over its own values, and look at the other columns of the table too.",
            "Each value would count as another element. Values that identify people could leave as codes.",
            Effect.REJECT_FILE,
        ),
        _cause(
            "COLUMNS-SHIFTED",
            "Values stand in the column beside their own: {found}.",
            "Look where a column or a comma is missing or too many, and export again.",
            "Each value would count as another element. Values that identify people could leave as codes.",
            Effect.REJECT_FILE,
        ),
        _cause(
            "ROWS-SHORT",
            "Rows have fewer values than there are column names: {found}.",
            "Send the workbook itself, or export again without Excel, with a comma for each column also where the "
            "last values are blank.",
            "It cannot be told which values are missing. After a missing one, each stands under the wrong name.",
        ),
        _cause(
            "DATES-DAY-FIRST",
            "Dates are written as dd/mm/yyyy: {found}.",
            _AGAIN,
            "A date that can be read in two ways is not guessed.",
        ),
        _cause(
            "DATES-MONTH-FIRST",
            "Dates are written as mm/dd/yyyy: {found}.",
            _AGAIN,
            "A date that can be read in two ways is not guessed.",
        ),
        _cause(
            "DATES-UNCLEAR",
            "Dates are written with the year last, and day and month cannot be told apart: {found}.",
            _AGAIN,
            "A date that can be read in two ways is not guessed.",
        ),
        _cause(
            "DATES-COMPACT",
            "Dates are written without hyphens: {found}.",
            _AGAIN,
            "Eight digits may be a date, a number or a code.",
        ),
        _cause(
            "DATES-SERIAL",
            "Dates are written as Excel's day numbers: {found}.",
            "In Excel give the column the format yyyy-mm-dd before you save, or export again without Excel.",
            "A spreadsheet keeps a date as the number of days since 1899.",
        ),
        _cause(
            "DATES-MONTH-NAME",
            "Dates are written with the month's name or a short year: {found}.",
            _AGAIN,
            "A short year or month can be read in two ways. It is not guessed.",
        ),
        _cause(
            "DATES-TIME",
            "Dates are written as moments with a time: {found}.",
            "Export again with the day alone, as it is in your system.",
            "In summer a day that a program turns into universal time (Z) begins at 23:00 of the day before. Which "
            "day was meant is not guessed.",
        ),
        _cause(
            "FILLER-DATES",
            "A fixed date stands for a date that is not known: {found}.",
            "Leave the element blank where there is no date.",
            "The date would count as a real one, such as a discharge before the referral.",
        ),
        _cause(
            "NUMBERS-SHORTENED",
            "A spreadsheet has shortened numbers: {found}. The digits are gone.",
            _AS_TEXT,
            "Different numbers have become the same one. It cannot be told what they were.",
        ),
        _cause(
            "CODES-ROUNDED",
            "A spreadsheet has rounded long codes: {found}. It keeps 15 digits and writes zeros for the rest.",
            _AS_TEXT,
            "The code is another one or none, so the record cannot be assigned.",
        ),
        _cause(
            "ZEROS-LOST",
            "Leading zeros are lost: {found}.",
            "Export again. If you must open the file in Excel, import every column as text.",
            "A spreadsheet makes a number of 01. Some lists have 1 and 01, so zeros are not added silently.",
        ),
        _cause(
            "WORDS",
            "Words stand in the place of codes: {found}.",
            "Export the codes of the dataset, not the words that your system shows for them.",
            "Words differ from system to system. It is not guessed which code was meant.",
        ),
        _cause(
            "KEYS-UNLIKE",
            "Records name others by a key that is written otherwise there: {found}.",
            "Export the key in the same way in every table: as text, with its leading zeros, without decimals, and "
            "with the same capital letters.",
            "Keys are compared as they are written. Records that do not find theirs would be lost.",
        ),
        _cause(
            "VALUES-CUT",
            "Values are cut off at one length: {found}.",
            "Make the column of the export wide enough, and export again.",
            "What is missing at the end cannot be told. Different values may have become the same one.",
        ),
        _cause(
            "IDENTIFIER",
            "Values that look like identifiers stand in a column for codes: {found}.",
            "Look which column of your system feeds this element, and correct the export. Remove the identifiers.",
            "The values are not kept and not shown. An identifier in a code would tell who the patient is.",
            Effect.WARNING,
        ),
        _cause(
            "ONE-VALUE",
            "Columns hold one value throughout, and it is not valid: {found}.",
            "Look why the export writes a fixed value. Send the recorded values, or leave the column empty.",
            "A fixed value says nothing about the patients.",
        ),
        _cause(
            "MONTH",
            "The records are of another month than the header: {found}.",
            "Correct the reporting period in the header, or export the records of the month in the header.",
            "The records would count in the wrong month.",
        ),
        _cause(
            "PROVIDER",
            "The records are of another provider than the header: {found}.",
            "Correct OrgIDProv in the header, or export the records of the provider in the header.",
            "The figures would be published for the wrong provider.",
        ),
    )
}
"""By id, in the order in which they are tried: a finding is explained by the first that explains it."""

EXAMPLES: dict[str, Example] = {
    "CAUSE-DATES-DAY-FIRST": Example("25/12/2025", "2025-12-25"),
    "CAUSE-DATES-MONTH-FIRST": Example("12/25/2025", "2025-12-25"),
    "CAUSE-DATES-UNCLEAR": Example("03/04/2025", "2025-04-03 or 2025-03-04"),
    "CAUSE-DATES-COMPACT": Example("20251225", "2025-12-25"),
    "CAUSE-DATES-SERIAL": Example("46016", "2025-12-25"),
    "CAUSE-DATES-MONTH-NAME": Example("25-Dec-25", "2025-12-25"),
    "CAUSE-DATES-TIME": Example("2025-04-06T23:00:00Z", "2025-04-07"),
    "CAUSE-FILLER-DATES": Example("1900-01-01", "a blank"),
    "CAUSE-NUMBERS-SHORTENED": Example("1.23E+09", "1234567890"),
    "CAUSE-WORDS": Example("2 - Female", "2"),
    "CAUSE-ZEROS-LOST": Example("9:30:00", "09:30:00"),
}
"""For the causes that change the form of a value."""
