"""Service use: hospital spells, crisis contacts and risk events before, during and after therapy.

Belongs here: SMI501. Does not belong here: contacts of the therapy service (``schemas.tables.contact``).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import DATE, LOCAL_PATIENT_ID, PATIENT

SERVICE_USE = Table(
    "SMI501",
    "SMI501ServiceUse",
    "Hospital Spell or Other Service Use",
    "one row per spell, event or counted group of events",
    (
        Field(
            "ServiceUseId",
            "max an20",
            "M",
            "The provider's own identifier of the spell or event.",
            identity=Identity.LOCAL,
            title="SERVICE USE IDENTIFIER",
        ),
        LOCAL_PATIENT_ID,
        Field(
            "ServiceUseType",
            "an2",
            "M",
            "Kind of service use: inpatient spell, crisis contact, emergency attendance, detention, or risk event.",
            codes="service_use_type",
            identity=Identity.KEEP,
            title="SERVICE USE TYPE",
        ),
        Field(
            "ServiceUseStartDate",
            DATE,
            "M",
            "First day of the spell, or date of the event.",
            identity=Identity.DATE,
            title="SERVICE USE START DATE",
        ),
        Field(
            "ServiceUseEndDate",
            DATE,
            "R",
            "Last day of the spell; blank while it lasts and for a single event.",
            identity=Identity.DATE,
            title="SERVICE USE END DATE",
        ),
        Field(
            "ServiceUseCount",
            "max n4",
            "R",
            "Number of events in this record; blank means one.",
            identity=Identity.KEEP,
            low=1,
            title="SERVICE USE COUNT",
        ),
    ),
    key=("ServiceUseId",),
    parent=PATIENT,
)

TABLES: tuple[Table, ...] = (SERVICE_USE,)
