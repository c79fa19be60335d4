"""Where training departs from theory: verdicts that differ, and tolerant losses that memorise."""

import pytest
from factory import put

from nlr.book import departures
from nlr.evidence import verdicts

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


def judgement(scope, outcome):
    return verdicts.Judgement(
        "C14", scope, outcome, "Because.", "claim-c14" if scope == "mathematics" else "evidence-c14"
    )


@pytest.mark.parametrize(
    ("outcomes", "differ"),
    [
        ({"mathematics": "held", "ma2020": "did not hold"}, True),
        ({"mathematics": "held", "ma2020": "partly"}, True),
        ({"mathematics": "held", "ma2020": "held"}, False),
        ({"mathematics": "held", "ma2020": "undecided"}, False),
        ({"mathematics": "not run", "ma2020": "held"}, False),
        ({"ma2020": "did not hold"}, False),
    ],
)
def test_a_claim_is_parted_if_both_are_settled_and_differ(outcomes, differ):
    found = departures.parted({"C14": [judgement(*pair) for pair in outcomes.items()]})
    assert found["claim"].tolist() == ["C14"] * differ
    assert list(found.columns) == ["claim", "statement", "in mathematics", "in training"]


def test_what_stands_in_training_is_what_differs_there():
    scopes = {"mathematics": "held", "one": "held", "other": "did not hold"}
    (row,) = departures.parted({"C14": [judgement(*pair) for pair in scopes.items()]}).to_dict("records")
    assert row["in mathematics"] == "[{verdict}`held`](#claim-c14)"
    assert row["in training"] == "[{verdict}`did not hold`](#evidence-c14) [other]{.verdict-scope}"


def test_tolerant_losses_stand_apart_from_the_others_at_the_highest_rate(tmp_path):
    shares = {"ce": 1.0, "sce": 0.9, "nce": 0.3, "nce+mae": 0.8}
    found = [put(tmp_path, loss, "symmetric-0.8", memorised=m, last=0.2, **SMALL) for loss, m in shares.items()]
    found.append(put(tmp_path, "mae", "symmetric-0.4", memorised=0.1, **SMALL))
    found.append(put(tmp_path, "mae", "asymmetric-0.4", memorised=0.1, **SMALL))
    assert departures.tolerant(found) == (
        "Of the 4 losses with runs at symmetric rate 0.8, 2 have a constant sum over the labels, and so the minimiser "
        "of their risk does not move with the noise. In training they have memorised 30 (nce) to 80 % (nce+mae) of the "
        "wrong labels by the last epoch, the others 90 (sce) to 100 % (ce)."
    )
    assert departures.tolerant(found[-1:]) == "No run with symmetric noise is there yet."
    assert departures.tolerant(found[:1]).endswith("does not move with the noise.")
