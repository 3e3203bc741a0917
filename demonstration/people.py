"""The people: NHS numbers, birth dates and what the Master Patient Index says of them.

Belongs here: one row per person of a service. Does not belong here: their referrals (``pathways``).

A person is a place in the list of numbers that were never issued (999 ...), and everything about the person
follows from that place and the seed: where two services meet at one place, they know the same person.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from demonstration import frequencies as f
from demonstration.calibration import PATHWAYS
from demonstration.draws import Integers, Numbers, constant, dates, gather, keyed, pick_at

# Starts of neighbouring services lie at multiples of the golden ratio: as far apart as can be, however many
# services there are (three-distance theorem); 233 of them are at least 2,800 people apart.
GOLDEN_RATIO = 0.6180339887498949
SCATTER = 7919  # prime: neighbours in the list get numbers that do not look consecutive
INWARD = "ABDEFGHJLNPQRSTUWXYZ"


@cache
def never_issued() -> Integers:
    """Every NHS number from 999 000 000x to 999 999 999x with a valid modulus-11 check digit."""
    stem = np.arange(999_000_000, 1_000_000_000)
    weighted = sum(((stem // 10 ** (8 - place)) % 10) * (10 - place) for place in range(9))
    check = (11 - weighted % 11) % 11
    numbers: Integers = (stem * 10 + check)[check < 10]
    return numbers


@dataclass(frozen=True)
class People:
    """Persons of one service. ``place`` in the list of numbers; ``pathway`` indexes ``PATHWAYS``."""

    place: Integers
    pathway: Integers
    birth: Integers
    ethnicity: Integers

    def columns(self, seed: int, district: str, commissioner: str) -> dict[str, pl.Series]:
        """The elements of IDS001 except the local identifier, one value per person."""
        smi = self.pathway < PATHWAYS.index("04")

        def drawn(weights: f.Weights, key: int) -> Integers:
            return pick_at(keyed(self.place, seed, key), list(weights.values()))

        identity = np.where(smi, drawn(f.GENDER_IDENTITY_SMI, 1), drawn(f.GENDER_IDENTITY, 1))
        identities = list(f.GENDER_IDENTITY)

        def coded(weights: f.Weights, key: int) -> pl.Series:
            return gather([code or None for code in weights], drawn(weights, key))

        return {
            "OrgIDResidenceResp": constant(commissioner, len(self.place)),
            "NHSNumber": pl.Series(_number(self.place)).cast(pl.String),
            "NHSNumberStatus": coded(f.NHS_NUMBER_STATUS, 2),
            "PersonBirthDate": dates(self.birth),
            "Postcode": self._postcode(seed, district),
            "Gender": gather([f.STATED_GENDER[code] for code in identities], identity),
            "GenderIDCode": gather(identities, identity),
            "GenderSameAtBirth": coded(f.SAME_AT_BIRTH, 3),
            "EthnicCategory": gather(list(f.ETHNICITY), self.ethnicity),
            "ExBAFIndicator": coded(f.ARMED_FORCES, 4),
            "LanguageCodePreferred": coded(f.LANGUAGE, 5),
            "EduEstabTypeIAPT": coded(f.EDUCATION, 6),
        }

    def _postcode(self, seed: int, district: str) -> pl.Series:
        """Postcodes in the area of the service: a district near its own, a made-up unit."""
        area = "".join(letter for letter in district[:2] if letter.isalpha())
        outward = [f"{area}{number}" for number in range(1, 21)]
        inward = [f" {digit}{a}{b}" for digit in range(10) for a in INWARD for b in INWARD]
        return gather(outward, _whole(keyed(self.place, seed, 7), len(outward))) + gather(
            inward, _whole(keyed(self.place, seed, 8), len(inward))
        )


def people(service_index: int, first: int, pathway: Integers, seed: int, anchor_day: int) -> People:
    """The persons of a service from its ``first``-th on, one per entry of ``pathway``.

    ``anchor_day`` is the day (since 1970) on which the published age distribution holds.
    """
    start = int(service_index * GOLDEN_RATIO % 1.0 * len(never_issued()))
    place = (start + first + np.arange(len(pathway))) % len(never_issued())
    uniform = keyed(place, seed, 10)
    age = np.empty(len(pathway))
    for number, code in enumerate(PATHWAYS):
        of_pathway = pathway == number
        age[of_pathway] = np.interp(uniform[of_pathway] * 10, np.arange(11), f.AGE_DECILES[code])
    return People(
        place=place,
        pathway=pathway,
        birth=(anchor_day - age * 365.25).astype(np.int64),
        ethnicity=pick_at(keyed(place, seed, 11), list(f.ETHNICITY.values())),
    )


def _number(place: Integers) -> Integers:
    return never_issued()[place * SCATTER % len(never_issued())]


def _whole(uniform: Numbers, below: int) -> Integers:
    return (uniform * below).astype(np.int64)
