"""All records as one Parquet file: nothing lost, every column explained."""

import math

import pandas as pd
import pyarrow.parquet as pq
import pytest
from factory import put

from nlr.evidence import export


@pytest.fixture
def made(tmp_path):
    settings = ("clean", "symmetric-0.4")
    return [put(tmp_path / "store", loss, setting) for loss in ("ce", "nce+mae,beta=3") for setting in settings]


def test_every_column_is_explained_and_there(made):
    assert list(export.table(made).columns) == list(export.COLUMNS)
    assert all(export.COLUMNS.values())
    assert list(export.table([]).columns) == list(export.COLUMNS)


def test_a_file_gives_back_the_records(made, tmp_path):
    path = tmp_path / "downloads" / "records.parquet"
    export.write(made, path)
    found = pd.read_parquet(path)
    assert len(found) == len(made)
    for row, record in zip(found.to_dict("records"), made, strict=True):
        assert row["loss"] == record["config"]["loss"]["spec"]
        assert row["last_accuracy"] == record["final"]["last_accuracy"]
        assert list(row["test_accuracy"]) == record["series"]["test_accuracy"]
        assert row["config_hash"] == record["config_hash"]
        assert math.isnan(row["memorised"]) == (row["setting"] == "clean")
    meanings = {field.name: field.metadata[b"meaning"].decode() for field in pq.read_schema(path)}
    assert meanings == export.COLUMNS
    assert pq.read_schema(path).metadata is None  # but for runs with labels by people
    human = put(tmp_path, setting="human-worse", protocol="ma2020-small", dataset="cifar10-jpeg75")
    export.write([*made, human], path)
    assert pq.read_schema(path).metadata == {b"licence": export.HUMAN_LABELS.encode()}


def test_the_same_records_give_the_same_bytes(made, tmp_path):
    for name in ("one", "two"):
        export.write(made, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_cells_have_three_digits_and_the_spread_of_their_seeds(tmp_path):
    settings = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75", "epochs": 2}
    found = [
        put(tmp_path, "ce", "symmetric-0.4", seed, last=last, best=0.6, **settings)
        for seed, last in enumerate((0.12341, 0.12349, 0.2))
    ]
    found.append(put(tmp_path, "nce", "clean", last=0.5, purpose="exploratory", **settings))
    ce, nce = export.cells(found)
    assert (ce["loss"], ce["setting"], ce["n"], ce["early"]) == ("ce", "symmetric-0.4", 3, 0)
    assert (ce["last"], ce["never"]) == ([14.9, 4.4], 0)
    assert ce["test"] == [[30.0, 14.9], [30.0, 12.3], [30.0, 20.0]]
    assert ce["memorised"] == [[12.5, 25.0]] * 3
    assert (nce["n"], nce["early"], nce["last"], nce["memorised"]) == (1, 1, [50.0, None], [[None, None]])
    assert ce["classes"][1] == [12.0] * 10
