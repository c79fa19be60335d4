"""Which runs of an unfinished list may decide anything."""

from dataclasses import replace

import pytest
from factory import put, record

from nlr.evidence import claims, verdicts
from nlr.evidence.whole_seeds import whole_seeds
from nlr.study import studies

MNIST = {"protocol": "ma2020-mnist", "dataset": "mnist"}
OF_LINE_C = ("ce", "mae", "nce+mae", "nce+rce", "rce", "nce")


def place(one):
    config = one["config"]
    return config["loss"]["spec"], config["noise"]["rate"], config["seed"]


def left(found, study=None):
    """The runs that wait."""
    kept = {id(one) for one in whole_seeds(found, study)}
    return [place(one) for one in found if id(one) not in kept]


@pytest.fixture
def listed():
    """A list: two losses in two settings with three seeds; then one of these beside a third."""
    block = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75", "settings": ["symmetric-0.4", "symmetric-0.8"]}
    blocks = [block | {"losses": losses, "seeds": [0, 1, 2]} for losses in (["ce", "mae"], ["ce", "nce"])]
    return replace(studies.load("cpu-list"), blocks=tuple(blocks))


def test_a_seed_waits_for_all_losses_of_its_block_in_its_own_setting(listed):
    early = [record("ce", "symmetric-0.4", 0), record("ce", "symmetric-0.4", 1), record("ce", "symmetric-0.8", 1)]
    assert left(early, listed) == [("ce", 0.4, 1), ("ce", 0.8, 1)]
    assert left([*early, record("mae", "symmetric-0.4", 1)], listed) == [("ce", 0.8, 1)]


def test_a_run_of_two_blocks_belongs_to_the_first(listed):
    first = [record(loss, "symmetric-0.4", 1) for loss in ("ce", "mae")]
    assert left(first, listed) == []
    assert left([first[1], record("nce", "symmetric-0.4", 1)], listed) == [("mae", 0.4, 1)]


def test_runs_beside_the_list_never_wait():
    assert left([record("gce", "symmetric-0.8", seed, **MNIST) for seed in range(3)]) == []


def test_a_claim_is_not_judged_by_the_losses_that_were_trained_first():
    """C76 compares the sums with their parts at symmetric .8: in the middle of a seed it stays as it was before."""
    accuracy = dict(zip(OF_LINE_C, (0.3, 0.6, 0.54, 0.52, 0.56, 0.84), strict=True))
    uneven = {"final": {"modal_class_share": 0.2}} | MNIST
    made = [
        record(loss, "symmetric-0.8", seed, last=last + 0.003 * seed + 0.001 * seed * (loss < "n"), **uneven)
        for seed in range(3)
        for loss, last in accuracy.items()
    ]
    claim, half = claims.get("C76"), made[:-3]
    assert claims.evaluate(claim, half, "ma2020-mnist").outcome == "did not hold"  # by three losses with a third seed
    assert claims.evaluate(claim, whole_seeds(half), "ma2020-mnist").outcome == "undecided"
    assert whole_seeds(made) == made


def test_a_run_that_waits_is_not_missing_and_is_in_no_row():
    claim, waits = claims.get("C69"), record("mae", "symmetric-0.8", 1, **MNIST)
    found = claims.evaluate(claim, whole_seeds([waits]), "ma2020-mnist", [waits])
    everything = claims.evaluate(claim, [], "ma2020-mnist")
    assert len(found.missing) == len(everything.missing) - 1
    assert {row.n for part in found.evidence for row in part.rows} == {0}


def test_the_committed_records_are_counted_without_those_that_wait(own_stores):
    for loss in OF_LINE_C[:2]:
        put(own_stores["results"], loss, "symmetric-0.8", 1, **MNIST)
    put(own_stores["results"], "gce", "symmetric-0.8", 0, **MNIST)
    assert len(verdicts.committed()) == 3
    assert [place(one) for one in verdicts.counted()] == [("gce", 0.8, 0)]
