"""The services: who submits, for which pathways, and how one differs from another.

Belongs here: the six demonstration sites, the Talking Therapies providers (``providers.csv``: real ODS codes
and names as facts) and the invented ones after them. Does not belong here: what happens at a service.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from demonstration.calibration import (
    MEDIAN_REFERRALS,
    SPREAD_OF_RESPONSE,
    SPREAD_OF_SIZE,
    SPREAD_OF_WAIT,
)

TALKING_THERAPIES, IAPT_SMI = "2.1", "1.0"

# Further streams of draws than those of the history, so that changing one leaves the others alone.
SERVICE_STREAM, HISTORY_STREAM, STAFF_STREAM = 1, 2, 3


@dataclass(frozen=True)
class Service:
    """One provider.

    ``index`` is its place in the demonstration and seeds its draws. ``pathways`` are shares of referrals by
    pathway code. ``response`` is added to the log odds of responding to therapy; ``wait`` multiplies waits.
    """

    index: int
    code: str
    name: str
    commissioner: str
    postcode_district: str
    version: str
    pathways: dict[str, float]
    referrals_per_month: float
    response: float
    wait: float

    @property
    def is_smi(self) -> bool:
        """Whether it submits the IAPT-SMI dataset."""
        return self.version == IAPT_SMI


# code, name, commissioner, postcode district, main pathway, the other pathway seen, referrals a month.
# South London and Maudsley: 200 accepted referrals a year (Johns et al. 2019); the others are assumed.
DEMONSTRATION_SITES: tuple[tuple[str, str, str, str, str, str, float], ...] = (
    ("RW5", "Lancashire Care", "QE1", "PR5", "01", "02", 14.0),
    ("RV5", "South London and Maudsley", "QKK", "SE5", "01", "02", 17.0),
    ("RXT", "Birmingham and Solihull (with Lancaster University)", "QHL", "B13", "02", "01", 11.0),
    ("RH5", "Somerset", "QSL", "TA1", "03", "05", 13.0),
    ("RRP", "Barnet, Enfield and Haringey", "Z9B2Z", "N15", "03", "05", 15.0),
    ("RAT", "North East London", "QMF", "IG3", "03", "05", 16.0),
)
MAIN_PATHWAY_SHARE = 0.94
# Every eighth Talking Therapies provider also treats eating disorders; its v2.1 extract has no Pathway element.
EATING_EVERY, EATING_SHARE = 8, 0.05


@cache
def _listed() -> tuple[dict[str, str], ...]:
    """Talking Therapies providers by number of referrals published, most first."""
    with (files("demonstration") / "providers.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def service(index: int, seed: int, size: float = 1.0) -> Service:
    """The service at place ``index`` (0 to 5 are the demonstration sites).

    The same ``seed`` and ``index`` give the same service, however many others there are. ``size`` multiplies
    its referrals. Raises ValueError for a place below 0 or above 999 + the listed providers.
    """
    if index < 0 or index - len(DEMONSTRATION_SITES) - len(_listed()) > 999:
        raise ValueError(f"there is no service at place {index}")
    rng = np.random.Generator(np.random.PCG64([seed, index, SERVICE_STREAM]))
    scale, response, wait = rng.standard_normal(3)
    place = index - len(DEMONSTRATION_SITES)
    if place < 0:
        code, name, commissioner, district, main, other, referrals = DEMONSTRATION_SITES[index]
        version, pathways = IAPT_SMI, {main: MAIN_PATHWAY_SHARE, other: 1 - MAIN_PATHWAY_SHARE}
    else:
        code, name, commissioner, district = _talking_therapies(place)
        version, pathways = TALKING_THERAPIES, {"05": 1.0}
        if place % EATING_EVERY == EATING_EVERY - 1:
            pathways = {"05": 1 - EATING_SHARE, "04": EATING_SHARE}
        # Two and a half SDs either way: one provider must not be a third of the country.
        referrals = MEDIAN_REFERRALS * float(np.exp(SPREAD_OF_SIZE * np.clip(scale, -2.5, 2.5)))
    return Service(
        index=index,
        code=code,
        name=name,
        commissioner=commissioner,
        postcode_district=district,
        version=version,
        pathways=pathways,
        referrals_per_month=referrals * size,
        response=SPREAD_OF_RESPONSE * float(response),
        wait=float(np.exp(SPREAD_OF_WAIT * wait)),
    )


def _talking_therapies(place: int) -> tuple[str, str, str, str]:
    """Code, name, commissioner and postcode district; invented ones (ZX000 ...) once the list is used up."""
    if place < len(_listed()):
        row = _listed()[place]
        return row["code"], row["name"], row["commissioner"], row["postcode_district"]
    number = place - len(_listed())
    return f"ZX{number:03d}", f"Demonstration Talking Therapies {number + 1}", "QE1", "LA1"
