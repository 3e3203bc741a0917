"""What no figure counts: rows of months for which their provider has no submission.

Belongs here: how many such rows a batch has, by provider, month and date. Does not belong here: counting the others
(``counting``), why they are not counted (``mart/uncounted_event.sql``).
"""

from collections.abc import Sequence

import duckdb

from warehouse.measures.catalogue import GRAINS, Measure
from warehouse.measures.passes import Pass, passes

COLUMNS = """
Columns of monthly_count.uncounted: One row per provider, month without a submission of it, grain and date: how many
    rows fall in that month and are in no figure (mart.uncounted_event).
  provider, key: ODS code of the provider, as submitted.
  month [month], key: First day of the month.
  grain, key: Rows that measures of this grain would count.
  date_column, key: Date that places them in the month.
  records [rows]: How many there are.
"""


def note_uncounted(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write ``monthly_count.uncounted`` of the batch: rows of the passes that ``count_batch`` leaves out.

    They are known from the extract of a later month. A stock has none: it is of submitted months.
    Needs ``work.referral_place``, which ``count_batch`` makes.
    """
    con.execute(
        "CREATE TABLE monthly_count.uncounted (provider VARCHAR, month DATE, grain VARCHAR, date_column VARCHAR, "
        "records BIGINT)"
    )
    for each in passes(catalogue):
        if not each.is_stock:
            con.execute(f"INSERT INTO monthly_count.uncounted {_uncounted(each)}")


def _uncounted(each: Pass) -> str:
    month = f"CAST(date_trunc('month', r.{each.date_column}) AS DATE)"
    return (
        f"SELECT r.provider, {month} AS month, '{each.grain}', '{each.date_column}', count(*) "
        f"FROM ({GRAINS[each.grain]}) AS r INNER JOIN work.referral_place AS l USING (referral_number) "
        f"LEFT JOIN core.reported_month AS s ON s.provider = r.provider AND s.month = {month} "
        f"WHERE r.{each.date_column} IS NOT NULL AND s.month IS NULL GROUP BY r.provider, {month}"
    )
