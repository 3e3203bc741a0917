"""The rules of the gate: what makes a file unfit to be read at all, and a line unfit to be a record.

Belongs here: the gate's rules as values, so that report, catalogue and tests read their text from one
place. Does not belong here: reading bytes (``transforms.receive``, ``pipelines.inbox``).
"""

from schemas.rule import Effect, Rule


def _file(name: str, message: str, fix: str, effect: Effect = Effect.REJECT_FILE) -> Rule:
    return Rule(f"GATE-{name}", "", effect, (), "", message, fix)


GATE: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        _file(
            "EMPTY",
            "There is no table in this submission.",
            "Put one CSV or Parquet file per table in it, named by table, such as IDS101Referral.csv.",
        ),
        _file(
            "ZIP",
            "The archive cannot be used: {found}.",
            "Send a plain zip with one file per table at its top, or a folder.",
        ),
        _file("FILE", "{found} is not an ordinary file.", "Send the file itself, not a link or a device."),
        _file(
            "TABLE-UNKNOWN",
            "{found} is not the name of a table of the dataset.",
            "Name each file by its table, such as IDS201CareContact.csv, and leave other files out.",
        ),
        _file("TABLE-TWICE", "There are two files for this table.", "Send one file per table."),
        _file(
            "TABLE-MISSING",
            "The table is missing.",
            "Every submission has IDS000Header, IDS001MPI and IDS101Referral, even if without rows.",
        ),
        _file(
            "BYTES",
            "The file is not UTF-8 text: {found}.",
            "Save the file as CSV in UTF-8; in Excel choose «CSV UTF-8».",
        ),
        _file("PARQUET", "The file is not readable as Parquet: {found}.", "Write the file again, or send CSV."),
        _file(
            "NO-COLUMNS",
            "The file is empty: it has no row of column names.",
            "Start the file with the row of element names; a table without records has that row alone.",
        ),
        _file(
            "QUOTE",
            "A quotation mark opened in row {found} is never closed; everything after it would be lost.",
            'Close the quotation mark, or double it ("") where it is part of the text.',
        ),
        _file(
            "COLUMN-UNKNOWN",
            "{found} is not a column of this table.",
            "Use the element names of the dataset as column names, and leave other columns out.",
        ),
        _file("COLUMN-TWICE", "The column {found} is there twice.", "Keep one of the two columns."),
        _file(
            "COLUMN-MISSING",
            "The mandatory column {found} is missing.",
            "Add the column; every record needs a value in it.",
        ),
        _file(
            "COLUMN-ABSENT",
            "The column {found} is not in the file.",
            "Add the column, even if it is empty: measures that need it leave these records out.",
            Effect.WARNING,
        ),
        _file(
            "HEADER-ROWS",
            "The header table has {found} records; it must have one.",
            "Send one header record per submission.",
        ),
        _file(
            "HEADER-UNUSABLE",
            "The header does not say who submits which month.",
            "Correct the header record's own findings first.",
        ),
        _file(
            "PERIOD",
            "The reporting period {found} is not one whole calendar month.",
            "Start on the first and end on the last day of the month that is reported.",
        ),
        _file(
            "PROVIDER",
            "The header is for another provider than {found}, whose name the submission carries.",
            "Correct OrgIDProv in the header, or the name of the folder or zip.",
        ),
        _file(
            "MONTH",
            "The header is for another month than {found}, which the submission's name carries.",
            "Correct the reporting period in the header, or the name of the folder or zip.",
        ),
        _file(
            "FIELDS",
            "The row has {found}.",
            "Give the row as many values as the header row has names; put quotation marks round a value that "
            "contains a comma.",
            Effect.REJECT_RECORD,
        ),
        _file(
            "NOTHING-ACCEPTED",
            "Every record was rejected.",
            "Correct the findings below and submit again; nothing of this submission counts.",
        ),
    )
}
