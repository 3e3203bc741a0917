"""What no figure counts: rows of months for which their provider has no submission.

Belongs here: how many such rows a batch has, by provider, month and date. Does not belong here: counting the others
(``counting``), why they are not counted (``mart/uncounted_event.sql``).
"""

from warehouse.measures.catalogue import GRAINS
from warehouse.measures.passes import Pass

COLUMNS = """
Columns of monthly_count.uncounted: One row per provider, month without a submission of it, grain and date: how many
    rows fall in that month and are in no figure (mart.uncounted_event).
  provider, key: ODS code of the provider, as submitted.
  month [month], key: First day of the month.
  grain, key: Rows that measures of this grain would count.
  date_column, key: Date that places them in the month.
  records [rows]: How many there are.
"""


TABLE = "monthly_count.uncounted (provider VARCHAR, month DATE, grain VARCHAR, date_column VARCHAR, records BIGINT)"


def uncounted(each: Pass) -> str:
    """SQL: the rows of ``monthly_count.uncounted`` that a pass leaves out; none if it counts a stock.

    They are known from the extract of a later month. A stock is of submitted months.
    """
    month = f"CAST(date_trunc('month', r.{each.date_column}) AS DATE)"
    return (
        f"SELECT r.provider, {month} AS month, '{each.grain}', '{each.date_column}', count(*) "
        f"FROM ({GRAINS[each.grain]}) AS r "
        f"LEFT JOIN core.reported_month AS s ON s.provider = r.provider AND s.month = {month} "
        f"WHERE {'false' if each.is_stock else f'r.{each.date_column} IS NOT NULL'} AND s.month IS NULL "
        f"GROUP BY r.provider, {month}"
    )
