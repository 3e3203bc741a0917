"""Small submissions for the tests of the gate and the load: real files, made from a few lines of text.

Belongs here: a submission that is right in every way, and changing one thing of it. Does not belong here:
realistic populations (``transforms.synthesise``).
"""

import zipfile
from pathlib import Path

HEADER = "DatSetVer,OrgIDProv,OrgIDSubmit,PrimSystemInUse,ReportingPeriodStartDate,ReportingPeriodEndDate,DateTimeDatSetCreate"

RIGHT: dict[str, str] = {
    "IDS000Header": f"{HEADER}\n2.0,RW5,RW5,TEST,2025-04-01,2025-04-30,2025-05-06T09:30:00\n",
    "IDS001MPI": (
        "LocalPatientId,OrgIDLocalPatientId,OrgIDResidenceResp,NHSNumber,NHSNumberStatus,PersonBirthDate,"
        "Postcode,Gender,EthnicCategory,ExBAFIndicator,LanguageCodePreferred,EduEstabTypeIAPT\n"
        "P1,RW5,QE1,9990000018,01,1980-06-15,LA1 4YW,2,A,,en,\n"
        "P2,RW5,QE1,9990000026,01,1991-02-28,LA1 4YW,1,H,,en,\n"
        "P3,RW5,QE1,9990000034,02,1955-12-31,LA1 4YW,9,Z,,en,\n"
    ),
    "IDS002GP": (
        "LocalPatientId,GMPCodeReg,StartDateGMPRegistration,EndDateGMPRegistration,OrgIDGPPrac\n"
        "P1,A81001,2020-01-01,,QE1\nP2,A81001,2020-01-01,,QE1\nP3,A81001,2020-01-01,,QE1\n"
    ),
    "IDS101Referral": (
        "ServiceRequestId,LocalPatientId,OrgIDComm,ReferralRequestReceivedDate,SourceOfReferralMH,OnsetDate,"
        "PrevDiagCondInd,EndCode,ServDischDate\n"
        "R1,P1,QE1,2025-04-02,B1,,,,\n"
        "R2,P2,QE1,2025-04-03,A1,,,,\n"
        "R3,P3,QE1,2025-04-04,A1,,,,\n"
    ),
}


def write(folder: Path, tables: dict[str, str] | None = None, **changed: str | None) -> Path:
    """Write ``tables`` (default: RIGHT) as ``<name>.csv`` into ``folder``; a change of ``None`` leaves one out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ((tables or RIGHT) | changed).items():
        (folder / f"{name}.csv").unlink(missing_ok=True)
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return folder


def submission(root: Path, provider: str = "RW5", month: str = "2025-04", **changed: str | None) -> Path:
    """A right submission of a provider and month under ``root``, with tables changed as given."""
    end, following = {
        "2025-04": ("2025-04-30", "2025-05"), "2025-05": ("2025-05-31", "2025-06"), "2025-06": ("2025-06-30", "2025-07")
    }[month]  # fmt: skip
    tables = {
        name: text.replace("RW5", provider).replace(
            "2025-04-01,2025-04-30,2025-05", f"{month}-01,{end},{following}"
        )
        for name, text in RIGHT.items()
    }
    return write(root / f"{provider}_{month}", tables, **changed)


def zipped(folder: Path, inner: str = "") -> Path:
    """The folder's files as a zip beside it, below ``inner`` if given."""
    path = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, inner + file.name)
    return path
