"""The catalogue as tables of the file: what is measured, and how it is broken down.

Belongs here: ``mart.measure``, ``mart.official_measure``, ``mart.breakdown`` and ``mart.breakdown_group``. Does not
belong here: reading the catalogue (``catalogue``, ``official``), counting and adding up (``counting``, ``rollup``).
"""

from collections.abc import Sequence

import duckdb

from schemas.pathway import pathways
from warehouse.measures.catalogue import ALL_PATHWAYS, Measure, breakdowns, groups
from warehouse.measures.official import rows
from warehouse.staging import insert_rows

COLUMNS = """
Columns of mart.measure: One row per measure: what is counted, of whom, and who defines it.
  position: Place in the catalogue.
  measure, key: Id of the measure.
  title: Short title.
  meaning: What is counted, in plain words.
  grain: Rows counted: pathway, contact, activity, caseload (pathways open at a month end), outcome (pathway and
      instrument), therapy (pathway and therapy), internet_log or answer; record: an item of data quality
      (mart.quality_item).
  date_column: Date that places a row in a month.
  kind: count, share, mean, median, p90, rate (of events) or day_rate (of days).
  over_time: flow: a longer period is all its months together; stock: it is its last month, which must be submitted.
  over_places: What a larger place is: sum (of the counts of its parts) or pooled values (a median or p90 of all
      their values).
  numerator: Condition of a counted row; of a mean, median or p90 the whole number taken from it.
  denominator: Condition of a row that could be counted; NULL for a count.
  unit: What the value counts; share for a share.
  direction: Which is better: higher, lower, or none.
  standard [share]: National standard, NULL when there is none.
  pathways: Pathway codes it applies to, separated by blanks; NULL for an item of data quality.
  breakdowns: Breakdowns of the measure (mart.breakdown), separated by blanks.
  published_id: Numbers of NHS England's monthly statistics that it gives, separated by blanks
      (mart.official_measure).
  caveats: What to know before using it; NULL when there is nothing.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.
  since: Month from which the definition holds.
  weight: Of a mean whose rows stand for several things: how many; its denominator is their sum. NULL: a row is one.
  lowest: Least value that is possible: 0; NULL where a value may be below 0, as of a change.
  experimental_until: Month from which it is applied, as YYYY-MM; NULL where it always is.
  is_experimental: Whether the records have not reached that month. Then services are not compared by it, and it is
      not published.

Columns of mart.official_measure: One row per measure of NHS England's monthly statistics of Talking Therapies, and
    per group of its variables: where it is found here.
  official_id, key: Number of the measure (M001) or variable (V001).
  official_name, key: Name of the measure; of a variable its name and group.
  answer: same: by the official construction; differs: the nearest figure, see note; left out: could be counted and
      is not, see note; not computed: needs an element that the dataset does not have, see note.
  measure: Measure (mart.measure), or item of data quality (mart.quality_item); NULL where there is none.
  figure: Which number of the measure: numerator, denominator or value.
  breakdown: Breakdown (mart.breakdown); NULL where the figure is of everybody.
  groups: Groups of the breakdown (mart.breakdown_group), separated by a semicolon.
  note: How it differs, why it is not there, or what else to do.

Columns of mart.breakdown: One row per breakdown: a way of parting the rows of a grain into groups that never
    overlap.
  breakdown, key: Id of the breakdown.
  title: Short title.
  grain: Rows it parts (mart.measure.grain); those of a pathway part every grain.
  group_column: Column that holds a row's group.
  parts_people: Whether every person is in one group only. Groups are compared only where it is true: one person
      answers several questions and may have several therapies.
  meaning: What the groups say.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.

Columns of mart.breakdown_group: One row per declared group of a breakdown; a breakdown without rows here
    (instrument, therapy, question) has as groups what was submitted.
  breakdown, key: Breakdown (mart.breakdown).
  position: Place among the groups.
  breakdown_group, key: Code of the group; 'not known' is a group of its own.
  group_name: Name of the group.
  note: What to know; may be empty.
"""


def create_measures(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write the catalogue, its breakdowns and the official measures into tables of ``mart``."""
    codes = [each.code for each in pathways()]
    con.execute(
        "CREATE TABLE mart.measure (position INTEGER, measure VARCHAR, title VARCHAR, meaning VARCHAR, "
        "grain VARCHAR, date_column VARCHAR, kind VARCHAR, over_time VARCHAR, "
        "over_places VARCHAR, numerator VARCHAR, denominator VARCHAR, unit VARCHAR, direction VARCHAR, "
        "standard DECIMAL(5, 4), pathways VARCHAR, breakdowns VARCHAR, published_id VARCHAR, caveats VARCHAR, "
        "source VARCHAR, confidence VARCHAR, since VARCHAR, weight VARCHAR, "
        "lowest INTEGER, experimental_until VARCHAR, is_experimental BOOLEAN DEFAULT false)"
    )
    insert_rows(
        con,
        "mart.measure",
        [
            (
                position, m.id, m.title, m.meaning, m.grain, m.date_column, m.kind, m.over_time, m.over_places,
                m.numerator, m.denominator or None, m.unit, m.direction, m.standard, " ".join(m.pathways or codes),
                " ".join(m.breakdowns), m.published_id or None, m.caveats or None, m.source, m.confidence, m.since,
                m.weight or None, m.lowest, m.experimental_until or None, False,
            )
            for position, m in enumerate(catalogue, start=1)
        ],
    )  # fmt: skip
    con.execute(
        "CREATE TABLE mart.official_measure (official_id VARCHAR, official_name VARCHAR, answer VARCHAR, "
        "measure VARCHAR, figure VARCHAR, breakdown VARCHAR, groups VARCHAR, note VARCHAR)"
    )
    insert_rows(con, "mart.official_measure", rows())
    con.execute(
        "CREATE TABLE mart.breakdown (breakdown VARCHAR, title VARCHAR, grain VARCHAR, group_column VARCHAR, "
        "parts_people BOOLEAN, meaning VARCHAR, source VARCHAR, confidence VARCHAR)"
    )
    insert_rows(
        con,
        "mart.breakdown",
        [
            (b.id, b.title, b.grain, b.column, b.parts_people, b.meaning, b.source, b.confidence)
            for b in breakdowns()
        ],
    )
    con.execute(
        "CREATE TABLE mart.breakdown_group (breakdown VARCHAR, position INTEGER, breakdown_group VARCHAR, "
        "group_name VARCHAR, note VARCHAR)"
    )
    insert_rows(con, "mart.breakdown_group", groups())
    con.execute("CREATE TABLE work.measure_pathway (measure VARCHAR, pathway VARCHAR)")
    everywhere = [(m.id, ALL_PATHWAYS) for m in catalogue if not m.pathways]
    applicable = [(m.id, each.code) for m in catalogue for each in pathways() if m.applies_to(each.code)]
    insert_rows(con, "work.measure_pathway", everywhere + applicable)


def mark_tried_out(con: duckdb.DuckDBPyConnection) -> None:
    """Mark in ``mart.measure`` the measures whose month the submissions have not reached."""
    con.execute(
        "UPDATE mart.measure SET is_experimental = true "
        "WHERE experimental_until > (SELECT strftime(max(month), '%Y-%m') FROM core.submission)"
    )


def list_items(con: duckdb.DuckDBPyConnection) -> None:
    """Add the items of data quality (``mart.quality_item``) to ``mart.measure``: all that is measured is in it."""
    con.execute(
        "INSERT INTO mart.measure BY NAME "
        "SELECT (SELECT count(*) FROM mart.measure) + position AS position, measure, "
        "concat_ws(': ', table_id, title, aspect) AS title, meaning, 'record' AS grain, 'month' AS date_column, "
        "'share' AS kind, over_time, 'sum' AS over_places, aspect AS numerator, "
        "coalesce(expected_of, 'true') AS denominator, 'share' AS unit, 'higher' AS direction, "
        "'this dataset' AS source, 'F' AS confidence FROM mart.quality_item"
    )
