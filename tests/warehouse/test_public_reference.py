"""Reference tables of schema public: what a page may say of places, conditions and official measures.

Belongs here: names and places of organisations, therapies of a condition. Does not belong here: figures (test_disclosure).
"""

from typing import Any

import duckdb
import pytest

from warehouse.models import read_sql


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """One provider that submits, in a place of our reference files; three that only the published statistics name."""
    con = duckdb.connect()
    con.execute(
        """
        CREATE SCHEMA public; CREATE SCHEMA ref; CREATE SCHEMA published;
        CREATE TABLE public.service_measure (level VARCHAR, organisation VARCHAR);
        INSERT INTO public.service_measure VALUES ('provider', 'RXX'), ('provider', 'RXX'), ('England', 'ENG'),
            ('provider', 'RNEW'), ('ICB', 'ZQ1'), ('region', 'ZR1');
        CREATE TABLE ref.organisation (organisation VARCHAR, name VARCHAR, kind VARCHAR, icb VARCHAR, region VARCHAR);
        INSERT INTO ref.organisation VALUES ('RXX', 'Alpha', 'provider', 'ZQ1', 'ZR1'), ('ZQ1', 'Fells', 'ICB', NULL, 'ZR1'),
            ('ZR1', 'North', 'region', NULL, NULL), ('RXX01', 'A site', 'site', 'ZQ1', 'ZR1');
        CREATE TABLE published.service_count (provider VARCHAR, provider_name VARCHAR);
        INSERT INTO published.service_count VALUES ('ENG', 'England'), ('RXX', 'Alpha as published'), ('RYY', 'Beta 2019'),
            ('RYY', 'Beta'), ('RZZ', 'Gamma'), ('RNONE', NULL);
        CREATE TABLE published.provider (provider VARCHAR, provider_name VARCHAR, icb_code VARCHAR, icb_name VARCHAR,
            region_code VARCHAR, region_name VARCHAR);
        INSERT INTO published.provider VALUES ('RXX', 'Alpha as published', 'Q1', 'NHS One', 'Y1', 'London'),
            ('RYY', 'Beta Trust', 'Q2', 'NHS Two', 'Y2', 'South'), ('ROLD', 'Not counted', 'Q3', 'NHS Three', 'Y3', 'East'),
            ('RZZ', 'Gamma Trust', NULL, NULL, NULL, NULL);
        """
    )
    return con


def rows(con: duckdb.DuckDBPyConnection, table: str, columns: str, where: str = "true") -> list[Any]:
    con.execute(read_sql(f"public.{table}"))
    return con.execute(f"SELECT {columns} FROM public.{table} WHERE {where} ORDER BY ALL").fetchall()


def test_every_provider_has_its_name_and_places_and_ours_come_first(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "organisation", "organisation, name, icb, region, is_submitted", "level = 'provider'") == [
        ("RNEW", "RNEW", None, None, True),  # submits, and no file names it
        ("RNONE", "RNONE", None, None, False),
        ("RXX", "Alpha", "ZQ1", "ZR1", True),
        ("RYY", "Beta Trust", "Q2", "Y2", False),
        ("RZZ", "Gamma Trust", None, None, False),
    ]


def test_the_places_are_those_of_a_provider_with_figures(con: duckdb.DuckDBPyConnection) -> None:
    """NHS Three has no provider with figures. Sites are never published."""
    assert rows(con, "organisation", "level, organisation, name, region", "level <> 'provider'") == [
        ("England", "ENG", "England", None),
        ("ICB", "Q1", "NHS One", "Y1"), ("ICB", "Q2", "NHS Two", "Y2"), ("ICB", "ZQ1", "Fells", "ZR1"),
        ("region", "Y1", "London", None), ("region", "Y2", "South", None), ("region", "ZR1", "North", None),
    ]  # fmt: skip


def test_a_therapy_is_of_a_condition_when_it_is_given_for_it_or_recommended() -> None:
    con = duckdb.connect()
    con.execute(
        """
        CREATE SCHEMA public; CREATE SCHEMA ref;
        CREATE TABLE ref.therapy (therapy_type VARCHAR, intensity VARCHAR, pathways VARCHAR);
        INSERT INTO ref.therapy VALUES ('FPB', 'high', '01 02'), ('FPB', 'high', '01 02'), ('ART', 'other', '01'),
            ('CBT', 'high', '05'), ('GIP', 'high', ''), (NULL, NULL, '01');
        CREATE TABLE ref.code (code_list VARCHAR, code VARCHAR, meaning VARCHAR);
        INSERT INTO ref.code VALUES ('therapy_type', 'FPB', 'Family intervention'), ('gender', 'CBT', 'no'),
            ('therapy_type', 'CBT', 'CBT');
        CREATE TABLE ref.therapy_standard (pathway VARCHAR, therapy_type VARCHAR, minimum_sessions INTEGER,
            source VARCHAR, confidence VARCHAR, note VARCHAR);
        INSERT INTO ref.therapy_standard VALUES ('01', 'FPB', 10, 'NICE CG178', 'F', NULL),
            ('02', 'CBT', NULL, 'NICE CG185', 'R', 'For bipolar depression.');
        """
    )
    columns = "pathway, therapy, intensity, recommended_by, minimum_sessions, confidence"
    assert rows(con, "condition_therapy", columns) == [
        ("01", "ART", "other", None, None, None),
        ("01", "Family intervention", "high", "NICE CG178", 10, "F"),
        ("02", "CBT", "high", "NICE CG185", None, "R"),  # not among those given for it, yet recommended
        ("02", "Family intervention", "high", None, None, None),
        ("05", "CBT", "high", None, None, None),
    ]
