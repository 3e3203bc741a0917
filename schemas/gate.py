"""The rules of the gate: what makes a file unreadable, and a line unusable as a record.

Belongs here: the gate's rules as values, so that report, catalogue and tests read their text from one place. Does
not belong here: reading bytes (``transforms.receive``, ``pipelines.inbox``).
"""

from dataclasses import replace

from schemas import limits
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.spellings import SAYS

_GIGABYTES = 1 << 30


A_SUBMISSION = (
    "a folder or a zip with one file per table, or a workbook or Access database with a name such as RW5_2025-04"
)
"""What is accepted, in words: said wherever something else came."""


def _file(
    name: str,
    message: str,
    fix: str,
    why: str,
    effect: Effect = Effect.REJECT_FILE,
    owner: Owner = Owner.INFORMATICS,
) -> Rule:
    """A rule about a file. Most ask for another file, which those who put the extract together can send."""
    level = Level.RECORD if effect is Effect.REJECT_RECORD else Level.FILE
    return Rule(f"GATE-{name}", "", effect, (), "", message, fix, why, Dimension.CONFORMANCE, level, owner=owner)


_AS_DECLARED = "Nothing must be changed. Where your system can write what the dataset declares, let it do so."
_PLAIN = (
    "What is meant is plain, so every record counts. It is said because values were not used as you wrote them."
)
_MEANT = "What is meant is plain, so the values count. It is said because they were not used as you wrote them."


def _note(name: str, message: str, fix: str = _AS_DECLARED, why: str = _PLAIN) -> Rule:
    """A note: what was read as what. It costs nothing."""
    return _file(name, message, fix, why, Effect.NOTE, Owner.SUPPLIER)


def refusing(rule: Rule) -> Rule:
    """A note where everything is taken as it is written: then what it is about rejects the file."""
    return replace(
        rule,
        effect=Effect.REJECT_FILE,
        message="This is not as the dataset declares it: {found}.",
        fix="Write it as the dataset declares it.",
        why="Everything is taken as it is written here, and nothing is read as what it may mean.",
    )


GATE: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        _file(
            "EMPTY",
            "The submission contains no table.",
            "Add one file per table, named like the table, such as IDS101Referral.csv. Or send a workbook with a "
            "sheet per table.",
            "Without a file there is nothing to check and nothing to count.",
        ),
        _file(
            "ZIP",
            "The file cannot be used: {found}.",
            "Send a folder, a plain zip with one file per table in it, an Excel workbook (.xlsx) or an Access "
            "database.",
            "A file that cannot be unpacked completely and safely is not read at all.",
        ),
        _file(
            "FILE",
            "{found} is not an ordinary file.",
            "Send the file itself, not a link or a device.",
            "A link or a device may point to data that should not be sent.",
        ),
        _file(
            "TABLE-UNKNOWN",
            "{found} is not the name of a table of the dataset.",
            "Name each file like its table, such as IDS201CareContact.csv. Remove other files.",
            "A file outside the dataset may contain personal data that Parity does not protect.",
        ),
        _file(
            "TABLE-TWICE",
            "There is more than one file for this table: {found}.",
            "Send one file per table. Remove the one that does not apply.",
            "It is unclear which file applies. Using both would count people twice.",
        ),
        _file(
            "TABLE-MISSING",
            "The table is missing.",
            "Every submission needs IDS000Header, IDS001MPI and IDS101Referral, even if they have no rows.",
            "Without header, patients and referrals no record can be used.",
        ),
        _file(
            "BYTES",
            "The file is not UTF-8 text: {found}.",
            "In Excel choose «CSV UTF-8», or send the workbook itself.",
            "In another encoding one character can be taken for another.",
        ),
        _file(
            "WORKBOOK",
            "The workbook cannot be read: {found}.",
            "Open it in Excel and save it again as «Excel Workbook (*.xlsx)», without a password.",
            "A file that cannot be read completely is not read at all.",
        ),
        _file(
            "DATABASE",
            "The Access database cannot be read: {found}.",
            "Export each table from Access as CSV, or as an Excel workbook, and send these.",
            "A file that cannot be read completely is not read at all.",
        ),
        _file(
            "TITLE-ROW",
            "Row 1 is no row of names. The names are in row {found}.",
            "Remove the rows above the column names.",
            "A table begins with its names. What stands above them may be a part of another table.",
        ),
        _file(
            "PARQUET",
            "The file is not readable as Parquet: {found}.",
            "Write the file again, or send CSV.",
            "A file that cannot be read completely is not read at all.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "NO-COLUMNS",
            "There is no row of column names: {found}.",
            "Start the table with a row of element names. In SSMS switch on «Include column headers». A table "
            "without records has only that row.",
            "Without names it is unclear which value is which.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "QUOTE",
            "The quotation mark opened in row {found} is never closed.",
            'Close the quotation mark, or double it ("") where it is part of the text.',
            "Every row after it would be lost without notice.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "LINE-BREAK",
            "A value has a line break in it: {found}.",
            "No element holds a line break. Look for a quotation mark in these rows that should not be there, and "
            'remove it or double it ("").',
            "A stray quotation mark makes one value of all that follows it up to the next one: other people's "
            "records are in it.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "SEPARATOR",
            "The values are separated by {found}, and a quotation mark is in the wrong place.",
            "Save the file again with commas between the values. In Excel choose «CSV UTF-8». If there "
            "are semicolons again, set the list separator of Windows to a comma.",
            "With a quotation mark in the wrong place it is unclear where a value ends.",
        ),
        _note(
            "READ-NAME",
            "Names of files are read as those of their tables: {found}.",
            "Nothing must be changed. A file named like its table, such as IDS101Referral.csv, needs no note.",
        ),
        _note(
            "READ-FORM",
            "Read as what it is: {found}.",
            "Nothing must be changed. CSV in UTF-8 with commas needs no note.",
        ),
        _note(
            "IGNORED",
            "Windows, macOS or Office made files beside the tables: {found}. They were left out.",
            "Nothing must be changed.",
            "They have no records, and they are not kept.",
        ),
        _file(
            "NOT-READ",
            "{found} was not read.",
            "Remove it. If the centre must know what is in it, tell the centre.",
            "Only tables are read. Such a file is not kept, so nobody at the centre knows what is in it.",
            Effect.WARNING,
        ),
        _note(
            "NAMES-TWICE",
            "The row of names is there again: {found}. It was left out.",
            "Nothing must be changed.",
            "A row of names is no record.",
        ),
        _file(
            "CUT",
            "The file ends in the middle: {found}.",
            "Export or copy it again, and wait until that has ended. Look whether the disk is full. Then look "
            "whether the number of rows is that of your system.",
            "It is unclear how many records should follow. Without them the figures would be too low, unnoticed.",
        ),
        _note(
            "FOOTER",
            "The program that wrote the table added lines of its own: {found}. They were left out.",
            "Nothing must be changed. In SSMS, «SET NOCOUNT ON» leaves them out.",
            "They are no records.",
        ),
        _note(
            "EMPTY-ROWS",
            "There are rows without any value: {found}. They were left out.",
            "Nothing must be changed.",
            "An empty row is no record.",
        ),
        _note(
            "ROW-ENDS",
            "Rows end before their last column: {found}. What is missing at their end was read as blank.",
            "Nothing must be changed. In a workbook no value can be missing: you may send that in place of CSV.",
            "A spreadsheet leaves out the last commas of rows whose last values are blank.",
        ),
        _note(
            "EMPTY-COLUMNS",
            "There are columns without a name and without any value: {found}. They were left out.",
            "Nothing must be changed.",
            "An empty column says nothing.",
        ),
        _note(
            "ROW-NUMBERS",
            "A column without an element's name numbers the rows: {found}. It was left out.",
            "Nothing must be changed. It is left out by write.csv(…, row.names = FALSE) in R, and by "
            "to_csv(…, index=False) in pandas.",
            "A number of the row says nothing about a patient.",
        ),
        _file(
            "CELL-ERROR",
            "Cells of the sheet show an error of Excel, such as #N/A: {found}. They were read as blank.",
            "Correct the formula, or paste the values over it.",
            "Such a cell has no value. Where one is mandatory, the record does not count.",
            Effect.WARNING,
        ),
        _file(
            "LIMIT-FILES",
            f"There are {{found}} files. At most {limits.FILES} are read.",
            "Send one file per table, and nothing else.",
            "The dataset has fewer tables. A submission with more files is something else.",
        ),
        _file(
            "LIMIT-BYTES",
            f"There is more than is read: {{found}}. At most {limits.FILE_BYTES // _GIGABYTES} GB of a file and "
            f"{limits.TOTAL_BYTES // _GIGABYTES} GB of a submission are read, unpacked.",
            "Send one month of one provider. If it really is so large, ask the centre.",
            "No month of a provider is so large. A file without end would keep all other submissions waiting.",
            owner=Owner.CENTRE,
        ),
        _file(
            "LIMIT-RATIO",
            "The archive swells: it says that it unpacks to {found} times its size. At most "
            f"{limits.RATIO} times is read.",
            "Pack the files again with an ordinary program, or send them in a folder.",
            "Real extracts reach 30 times. An archive that swells is made to fill a disk.",
        ),
        _file(
            "LIMIT-ROWS",
            f"The table has {{found}} rows. At most {limits.ROWS:,} are read.",
            "Send one month of one provider. If it really is so large, ask the centre.",
            "All services of England together send fewer rows in a month.",
            owner=Owner.CENTRE,
        ),
        _file(
            "LIMIT-ROW-GROUP",
            f"A row group has {{found}} rows. At most {limits.GROUP_ROWS:,} are read.",
            "Write the file again with smaller row groups, such as the usual 122,880 rows, or send CSV.",
            "A row group is read as one, and takes memory for all of its rows at once.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "LIMIT-ROWS-PER-BYTE",
            f"The file has {{found}} rows for each of its bytes. At most {limits.ROWS_PER_BYTE} are read.",
            "Look whether the same record is there again and again. Send each record once.",
            "Records name people and courses of care, so real tables need more. Copies of one record would fill "
            "the memory.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "LIMIT-COLUMNS",
            f"The table has {{found}} columns. At most {limits.COLUMNS} are read.",
            "Use the element names of the dataset as column names. Remove other columns.",
            "No table of the dataset has so many. None of them is looked at.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "LIMIT-CELLS",
            f"A sheet reaches over {{found}} cells. At most {limits.CELLS:,} are read.",
            "Look for a value far from the table, and delete the rows and columns between.",
            "A reader makes room for every cell up to the last one.",
        ),
        _file(
            "LIMIT-LENGTH",
            f"{{found}} is longer than {limits.ROW_BYTES:,} bytes. Longer ones are not read.",
            "Look there for a line end that is missing, or for a quotation mark that is not closed.",
            "The longest valid record has about 1,300 bytes.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "LIMIT-PROCESS",
            "The submission could not be read within the limits: {found}.",
            "Try it once more, because a process may stand still. If it ends in the same way, check that it is one "
            "month of one provider. If it is, ask the centre: it sets these limits.",
            "Reading was stopped so that other submissions could be read. Nothing of this one was used.",
            owner=Owner.CENTRE,
        ),
        _file(
            "COLUMN-UNKNOWN",
            "{found} is not a column of this table.",
            "Use the element names of the dataset as column names, separated by commas. Remove other columns.",
            "A column outside the dataset may contain personal data that Parity does not protect.",
            owner=Owner.SUPPLIER,
        ),
        _note(
            "COLUMN-SPELLING",
            "Column names that are spelled in another way are read as the elements that they name.",
        ),
        _file(
            "COLUMN-TWICE",
            "The column {found} is there twice.",
            "Keep one of the two columns.",
            "It is unclear which of the two values applies.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "COLUMN-MISSING",
            "The mandatory column {found} is missing.",
            "Add the column. Every record needs a value in it.",
            "Without it every record would be rejected.",
            owner=Owner.SUPPLIER,
        ),
        _file(
            "COLUMN-ABSENT",
            "The column {found} is not in the file.",
            "Add the column, even if it is empty.",
            "Completeness of the element is zero, and measures that need it leave these records out.",
            Effect.WARNING,
            owner=Owner.SUPPLIER,
        ),
        _file(
            "COLUMN-VERSION",
            "{found} is not an element of the dataset version in the header.",
            "Enter in the header the version of the extract, or remove the column. Its values are kept.",
            "The extract is checked against the rules of the wrong version.",
            Effect.WARNING,
        ),
        _file(
            "TABLE-VERSION",
            "The table is not part of the dataset version in the header.",
            "Enter in the header the version of the extract, or remove the table. Its records are kept.",
            "The extract is checked against the rules of the wrong version.",
            Effect.WARNING,
        ),
        _file(
            "HEADER-ROWS",
            "The header table has {found} records. It must have exactly one.",
            "Send one header record per submission.",
            "It is unclear which header applies.",
        ),
        _file(
            "HEADER-UNUSABLE",
            "The header does not give a usable provider and month.",
            "First correct the other findings of the header record.",
            "Without a provider and month the submission cannot be counted.",
        ),
        _file(
            "PERIOD",
            "The reporting period {found} is not one whole calendar month.",
            "Enter the first and the last day of the reported month.",
            "Figures are for calendar months. A part of a month cannot be compared with a whole month.",
        ),
        _file(
            "PROVIDER",
            "The provider in the header is not {found}, the provider in the name of the submission.",
            "Correct OrgIDProv in the header, or the name of the folder or file that you send.",
            "The figures would be published for the wrong provider.",
        ),
        _file(
            "MONTH",
            "The month in the header is not {found}, the month in the name of the submission.",
            "Correct the reporting period in the header, or the name of the folder or file that you send.",
            "The figures would be published for the wrong month.",
        ),
        _file(
            "FIELDS",
            "The row has {found}.",
            "Give the row as many values as there are column names. Put quotation marks around a value that "
            "contains a comma.",
            "Values would move into the wrong columns.",
            Effect.REJECT_RECORD,
            owner=Owner.SUPPLIER,
        ),
        _file(
            "NOTHING-ACCEPTED",
            "Every record was rejected.",
            "Correct the findings below and submit again. Nothing of this submission counts.",
            "Without an accepted record the submission says nothing about the service in this month.",
        ),
        *(_note(f"SPELLING-{kind}", says, why=_MEANT) for kind, says in SAYS.items()),
    )
}
