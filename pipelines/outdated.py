"""Which submissions count as another version of Parity checked them.

Belongs here: finding them. Does not belong here: the version itself (``pipelines.code_version``), saying it
(``pipelines.show``, ``pipelines.doctor``), checking them again (``pipelines.run.reprocess_received``).
"""

from collections.abc import Iterable

from pipelines.code_version import rows_version
from pipelines.custody import has_files
from pipelines.ledger import Outcome
from pipelines.zones import Zones


def outdated(zones: Zones, counting: Iterable[Outcome]) -> list[Outcome]:
    """Of submissions that count, those that `parity reprocess` would check by other rules than those of today.

    After an upgrade they count as the earlier version found them. Those whose files were removed stay so.
    """
    today = rows_version(memory=zones.builds)
    return [one for one in counting if one.detail.get("made_with") != today and has_files(one)]
