"""Targets with a date, and how long a course of training takes: schema ``ref``.

Belongs here: ``target.csv`` (national), ``course_length.csv``, and putting the services' own targets first. Does
not belong here: reading a service's file (``warehouse.organisations.own_layout``).
"""

import csv
from importlib.resources import files

import duckdb

from warehouse.organisations.own_layout import target_of
from warehouse.staging import insert_rows

COLUMNS = """
Columns of ref.target: One row per organisation, series and month of a target: those of the reference file
    target.csv, then the national ones that it does not have.
  organisation, key: ODS code; ENG is England.
  series, key: access, finished courses, staff in post, trained staff or trainees.
  due [month], key: First day of the month by which it is to be reached. Of access and finished courses the target
      is for the 12 months that end with it; of staff for its last day.
  target: People, courses or members of staff.
  source: Where the number is from.
  confidence: F: found in the source; R: recalled or estimated, to be confirmed.

Columns of ref.course_length: One row per curriculum of IDS902: how long its course takes, where no planned end is
    submitted.
  qualification, key: Curriculum (ref.code qualification).
  months [months]: Months from the start to the award.
  source: Where the number is from.
  confidence: F: found in the source; R: recalled, to be confirmed.
"""


def load_targets(con: duckdb.DuckDBPyConnection) -> None:
    """Add the national targets to ``ref.target``, and create ``ref.course_length``.

    ``ref.target`` holds the services' own (``organisations.places``). One for the same organisation, series and
    month goes before the national one.
    """
    national = [target_of(row) for row in _read("target")]
    known = set(con.execute("SELECT organisation, series, due FROM ref.target").fetchall())
    insert_rows(con, "ref.target", [(*key, *value) for key, value in national if key not in known])
    con.execute(
        "CREATE TABLE ref.course_length (qualification VARCHAR, months INTEGER, source VARCHAR, confidence VARCHAR)"
    )
    insert_rows(
        con,
        "ref.course_length",
        [(r["qualification"], int(r["months"]), r["source"], r["confidence"]) for r in _read("course_length")],
    )


def _read(name: str) -> list[dict[str, str]]:
    with (files("warehouse.trajectories") / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
