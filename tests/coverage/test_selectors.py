"""The cells that event selectors capture: one table for what the API can answer, and what must hold for any answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.facts import Selectors
from trailwarden.coverage.selectors import ALL, KMS, OTHER, RDS_DATA, VPC, Cell, Cells, capture

READS = frozenset(cell for cell in ALL if cell.read_only)
WRITES = ALL - READS


def without(*sources: str) -> Cells:
    return frozenset(cell for cell in ALL if cell.source not in sources)


def management(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]}


def basic(**given: Any) -> dict[str, Any]:
    return {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], **given}


def reading(*values: str) -> dict[str, Any]:
    return {"Field": "readOnly", "Equals": list(values)}


def excluding(*sources: str) -> dict[str, Any]:
    return {"Field": "eventSource", "NotEquals": list(sources)}


DATA = {
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]
}

NONE: Cells = frozenset()
# name, basic, advanced, cells, the CIS step to the letter, whether something was not understood
CASES: list[tuple[str, list[Any], list[Any], Cells, bool, bool]] = [
    ("never set", [], [], ALL, True, False),
    ("basic, all", [basic()], [], ALL, True, False),
    ("basic, defaults left out", [{}], [], ALL, True, False),
    ("basic, data only", [basic(IncludeManagementEvents=False)], [], NONE, False, False),
    ("basic, reads", [basic(ReadWriteType="ReadOnly")], [], READS, False, False),
    ("basic, writes", [basic(ReadWriteType="WriteOnly")], [], WRITES, False, False),
    (
        "basic, reads and writes apart",
        [basic(ReadWriteType="ReadOnly"), basic(ReadWriteType="WriteOnly")],
        [],
        ALL,
        False,
        False,
    ),
    ("basic, no KMS", [basic(ExcludeManagementEventSources=[KMS])], [], without(KMS), True, False),
    (
        "basic, neither KMS nor RDS",
        [basic(ExcludeManagementEventSources=[KMS, RDS_DATA])],
        [],
        without(KMS, RDS_DATA),
        True,
        False,
    ),
    (
        "basic, two exclusions that make each other good",
        [basic(ExcludeManagementEventSources=[KMS]), basic(ExcludeManagementEventSources=[RDS_DATA])],
        [],
        ALL,
        True,
        False,
    ),
    ("basic, unknown kind", [basic(ReadWriteType="Some")], [], NONE, False, True),
    (
        "basic, unknown exclusion",
        [basic(ExcludeManagementEventSources=["ec2.amazonaws.com"])],
        [],
        NONE,
        False,
        True,
    ),
    ("advanced, all", [], [management()], ALL, True, False),
    ("advanced, data only", [], [DATA], NONE, False, False),
    ("advanced, data and all", [], [DATA, management()], ALL, True, False),
    ("advanced, reads", [], [management(reading("true"))], READS, False, False),
    ("advanced, writes", [], [management(reading("false"))], WRITES, False, False),
    (
        "advanced, reads and writes apart",
        [],
        [management(reading("true")), management(reading("false"))],
        ALL,
        False,
        False,
    ),
    ("advanced, both values", [], [management(reading("true", "false"))], ALL, True, False),
    (
        "advanced, one field twice",
        [],
        [management(reading("true"), reading("false"))],
        NONE,
        False,
        False,
    ),
    ("advanced, no KMS", [], [management(excluding(KMS))], without(KMS), True, False),
    (
        "advanced, writes without RDS Data",
        [],
        [management(reading("false"), excluding(RDS_DATA))],
        WRITES & without(RDS_DATA),
        False,
        False,
    ),
    ("advanced, other source left out", [], [management(excluding("ec2.amazonaws.com"))], NONE, False, True),
    (
        "advanced, one source only",
        [],
        [management({"Field": "eventSource", "Equals": ["ec2.amazonaws.com"]})],
        NONE,
        False,
        True,
    ),
    (
        "advanced, by name",
        [],
        [management({"Field": "eventName", "NotEquals": ["DescribeVpcs"]})],
        NONE,
        False,
        True,
    ),
    (
        "advanced, a field of tomorrow",
        [],
        [management({"Field": "newField", "Equals": ["x"]})],
        NONE,
        False,
        True,
    ),
    (
        "advanced, an operator of tomorrow",
        [],
        [management({"Field": "eventSource", "NotEquals": [KMS], "Matches": ["x"]})],
        NONE,
        False,
        True,
    ),
    (
        "advanced, a doubt beside a complete one",
        [],
        [management({"Field": "eventName", "Equals": ["x"]}), management()],
        ALL,
        True,
        True,
    ),
    ("advanced, no category", [], [{"FieldSelectors": [reading("true")]}], NONE, False, False),
    ("advanced, no fields", [], [{"Name": "all"}], NONE, False, True),
    (
        "advanced, empty operators beside the one",
        [],
        [management({"Field": "readOnly", "Equals": ["false"], "StartsWith": []})],
        WRITES,
        False,
        False,
    ),
]


@pytest.mark.parametrize(
    ("plain", "advanced", "cells", "literal", "doubt"),
    [case[1:] for case in CASES],
    ids=[c[0] for c in CASES],
)
def test_the_cells_of_each_answer(
    plain: list[Any], advanced: list[Any], cells: Cells, literal: bool, doubt: bool
) -> None:
    found = capture(Selectors(plain, advanced))
    assert found.cells == cells
    assert found.complete is (cells == ALL)
    assert found.vpc is (VPC in cells)
    assert found.literal is literal
    assert bool(found.doubts) is doubt
    assert set(found.missing) == {str(cell) for cell in ALL - cells}


# Held against the six representative events, one at a time: does some selector of the real language take the event?
_SOURCE_OF = {KMS: KMS, RDS_DATA: RDS_DATA, OTHER: "ec2.amazonaws.com"}
_FIELDS = st.one_of(
    st.lists(st.sampled_from(["true", "false"]), min_size=1, max_size=2).map(lambda v: reading(*v)),
    st.lists(st.sampled_from([KMS, RDS_DATA, "ec2.amazonaws.com"]), min_size=1, max_size=3).map(
        lambda v: excluding(*v)
    ),
    st.just({"Field": "eventName", "Equals": ["CreateVpc"]}),
)
_ADVANCED = st.lists(_FIELDS, max_size=3).map(lambda fields: management(*fields)) | st.just(DATA)


def _takes(selector: dict[str, Any], cell: Cell) -> bool:
    event = {
        "eventCategory": "Management",
        "readOnly": str(cell.read_only).lower(),
        "eventSource": _SOURCE_OF[cell.source],
        "eventName": "Anything",
    }
    return all(
        event.get(field["Field"]) in field["Equals"]
        if "Equals" in field
        else event[field["Field"]] not in field["NotEquals"]
        for field in selector["FieldSelectors"]
    )


@given(st.lists(_ADVANCED, min_size=1, max_size=4))
def test_no_cell_is_claimed_whose_event_would_not_be_taken(selectors: list[dict[str, Any]]) -> None:
    claimed = capture(Selectors((), selectors)).cells
    assert claimed <= {cell for cell in ALL if any(_takes(one, cell) for one in selectors)}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    [
        "ReadWriteType",
        "IncludeManagementEvents",
        "ExcludeManagementEventSources",
        "FieldSelectors",
        "Field",
        "Equals",
    ]
)
_ODD = st.dictionaries(
    _NAMES, _JSON | st.lists(st.dictionaries(_NAMES, _JSON, max_size=3), max_size=2), max_size=4
)


@given(st.lists(_ODD, max_size=3), st.lists(_ODD, max_size=3))
def test_an_answer_of_any_shape_gives_an_answer(plain: list[Any], advanced: list[Any]) -> None:
    assert capture(Selectors(plain, advanced)).cells <= ALL
