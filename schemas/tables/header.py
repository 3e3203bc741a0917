"""The header: provider, reporting period and dataset version.

Belongs here: IDS000. Does not belong here: checks of the header against folder name and channel.
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import DATE, ODS_TO_6, ODS_TO_6_SAYS, ODS_UNLIKE

HEADER = Table(
    "IDS000",
    "IDS000Header",
    "Header",
    "one row per submission",
    (
        Field(
            "DatSetVer",
            "max n2.max n2",
            "M",
            "Version of the dataset that the submission follows.",
            codes="dataset_version",
            identity=Identity.KEEP,
            title="DATA SET VERSION NUMBER",
        ),
        Field(
            "OrgIDProv",
            "min an3 max an6",
            "M",
            "Organisation that provides the service (ODS code).",
            identity=Identity.KEEP,
            pattern=ODS_TO_6,
            pattern_says=ODS_TO_6_SAYS,
            unlike=ODS_UNLIKE,
            aliases=("OrgIDProvider", "OrgID_Provider"),
            title="ORGANISATION IDENTIFIER (CODE OF PROVIDER)",
        ),
        Field(
            "OrgIDSubmit",
            "min an3 max an6",
            "M",
            "Organisation that sends the submission (ODS code), often the provider itself.",
            identity=Identity.KEEP,
            pattern=ODS_TO_6,
            pattern_says=ODS_TO_6_SAYS,
            unlike=ODS_UNLIKE,
            aliases=("OrgIDSubmitter",),
            title="ORGANISATION IDENTIFIER (CODE OF SUBMITTING ORGANISATION)",
        ),
        Field(
            "PrimSystemInUse",
            "max an20",
            "M",
            "Name of the system in which the service records its data.",
            identity=Identity.DROP,
            title="PRIMARY DATA COLLECTION SYSTEM IN USE",
        ),
        Field(
            "ReportingPeriodStartDate",
            DATE,
            "M",
            "First day of the month reported.",
            identity=Identity.DATE,
            title="REPORTING PERIOD START DATE",
        ),
        Field(
            "ReportingPeriodEndDate",
            DATE,
            "M",
            "Last day of the month reported.",
            identity=Identity.DATE,
            title="REPORTING PERIOD END DATE",
        ),
        Field(
            "DateTimeDatSetCreate",
            "an19 YYYY-MM-DDThh:mm:ss",
            "M",
            "Date and time at which the extract was made.",
            identity=Identity.DATE,
            title="DATE AND TIME DATA SET CREATED",
        ),
    ),
    key=(),  # always one row, so it needs no key
    is_required=True,
)

TABLES: tuple[Table, ...] = (HEADER,)
