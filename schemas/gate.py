"""The rules of the gate: what makes a file unfit to be read at all, and a line unfit to be a record.

Belongs here: the gate's rules as values, so that report, catalogue and tests read their text from one
place. Does not belong here: reading bytes (``transforms.receive``, ``pipelines.inbox``).
"""

from schemas.rule import Dimension, Effect, Level, Rule


def _file(name: str, message: str, fix: str, why: str, effect: Effect = Effect.REJECT_FILE) -> Rule:
    level = Level.RECORD if effect is Effect.REJECT_RECORD else Level.FILE
    return Rule(f"GATE-{name}", "", effect, (), "", message, fix, why, Dimension.CONFORMANCE, level)


GATE: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        _file(
            "EMPTY",
            "There is no table in this submission.",
            "Put one CSV or Parquet file per table in it, named by table, such as IDS101Referral.csv.",
            "Without a file there is nothing to check and nothing to count.",
        ),
        _file(
            "ZIP",
            "The archive cannot be used: {found}.",
            "Send a plain zip with one file per table at its top, or a folder.",
            "What cannot be unpacked whole and safely is not read in part.",
        ),
        _file(
            "FILE",
            "{found} is not an ordinary file.",
            "Send the file itself, not a link or a device.",
            "A link or a device may lead to what nobody meant to send.",
        ),
        _file(
            "TABLE-UNKNOWN",
            "{found} is not the name of a table of the dataset.",
            "Name each file by its table, such as IDS201CareContact.csv, and leave other files out.",
            "Nobody has promised to protect what is in a file that the dataset does not have.",
        ),
        _file(
            "TABLE-TWICE",
            "There are two files for this table.",
            "Send one file per table.",
            "Which of two files counts nobody can say, and both would count people twice.",
        ),
        _file(
            "TABLE-MISSING",
            "The table is missing.",
            "Every submission has IDS000Header, IDS001MPI and IDS101Referral, even if without rows.",
            "Without header, patients and referrals no record can be placed.",
        ),
        _file(
            "BYTES",
            "The file is not UTF-8 text: {found}.",
            "Save the file as CSV in UTF-8; in Excel choose «CSV UTF-8».",
            "Text that cannot be read for certain would be read wrongly.",
        ),
        _file(
            "PARQUET",
            "The file is not readable as Parquet: {found}.",
            "Write the file again, or send CSV.",
            "What cannot be read whole is not read in part.",
        ),
        _file(
            "NO-COLUMNS",
            "The file is empty: it has no row of column names.",
            "Start the file with the row of element names; a table without records has that row alone.",
            "Without names nobody can say which value is which.",
        ),
        _file(
            "QUOTE",
            "A quotation mark opened in row {found} is never closed; everything after it would be lost.",
            'Close the quotation mark, or double it ("") where it is part of the text.',
            "Readers of CSV would lose every row after it, and say nothing.",
        ),
        _file(
            "COLUMN-UNKNOWN",
            "{found} is not a column of this table.",
            "Use the element names of the dataset as column names, parted by commas, and leave other columns out.",
            "Nobody has promised to protect what is in a column that the dataset does not have.",
        ),
        _file(
            "COLUMN-TWICE",
            "The column {found} is there twice.",
            "Keep one of the two columns.",
            "Which of two values counts nobody can say.",
        ),
        _file(
            "COLUMN-MISSING",
            "The mandatory column {found} is missing.",
            "Add the column; every record needs a value in it.",
            "Every record would be rejected for want of it.",
        ),
        _file(
            "COLUMN-ABSENT",
            "The column {found} is not in the file.",
            "Add the column, even if it is empty: measures that need it leave these records out.",
            "Completeness of the element is nought, and measures that need it leave the records out.",
            Effect.WARNING,
        ),
        _file(
            "COLUMN-VERSION",
            "{found} is no element of the dataset version that the header names.",
            "Name in the header the version that the extract follows, or leave the column out. Its values are "
            "kept.",
            "An extract that follows one version under the number of another is asked for the wrong things.",
            Effect.WARNING,
        ),
        _file(
            "TABLE-VERSION",
            "The table is not part of the dataset version that the header names.",
            "Name in the header the version that the extract follows, or leave the table out. Its records are "
            "kept.",
            "An extract that follows one version under the number of another is asked for the wrong things.",
            Effect.WARNING,
        ),
        _file(
            "HEADER-ROWS",
            "The header table has {found} records; it must have one.",
            "Send one header record per submission.",
            "Which of several headers holds nobody can say.",
        ),
        _file(
            "HEADER-UNUSABLE",
            "The header does not say who submits which month.",
            "Correct the header record's own findings first.",
            "A submission of nobody, or of no month, counts for nobody.",
        ),
        _file(
            "PERIOD",
            "The reporting period {found} is not one whole calendar month.",
            "Start on the first and end on the last day of the month that is reported.",
            "Figures are for calendar months; part of one would be compared with whole ones.",
        ),
        _file(
            "PROVIDER",
            "The header is for another provider than {found}, whose name the submission carries.",
            "Correct OrgIDProv in the header, or the name of the folder or zip.",
            "The figures of one provider would stand under the name of another.",
        ),
        _file(
            "MONTH",
            "The header is for another month than {found}, which the submission's name carries.",
            "Correct the reporting period in the header, or the name of the folder or zip.",
            "The figures of one month would stand under another.",
        ),
        _file(
            "FIELDS",
            "The row has {found}.",
            "Give the row as many values as the header row has names; put quotation marks round a value that "
            "contains a comma.",
            "Values would move into their neighbours' columns.",
            Effect.REJECT_RECORD,
        ),
        _file(
            "NOTHING-ACCEPTED",
            "Every record was rejected.",
            "Correct the findings below and submit again; nothing of this submission counts.",
            "A month without a single accepted record says nothing about the service, and must not stand for it.",
        ),
    )
}
