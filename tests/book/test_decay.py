"""What another weight decay and another scale of the loss change on MNIST, in words."""

from types import SimpleNamespace

from factory import grid, record

from nlr.book import decay, marks
from nlr.book.questions import evidence_of
from nlr.book.sentences import SYMMETRIC
from nlr.evidence import claims

MNIST = {"dataset": "mnist", "final": {"modal_class_share": 0.2}}
HERE, THERE = MNIST | {"protocol": marks.MNIST_FULL}, MNIST | {"protocol": marks.MNIST_DECAY}
ASKED = [("last", (loss, "ce"), SYMMETRIC) for loss in ("nce", "nce+mae")]


def runs(ce, nce, seeds=3, **place):
    """Cross-entropy, and NCE and NCE+MAE alike, at two rates."""
    cells = {("ce", s): ce for s in SYMMETRIC[1::2]} | {
        (one, s): nce for s in SYMMETRIC[1::2] for one in ("nce", "nce+mae")
    }
    return grid(cells, seeds, noise=0.0005, **place)


def turned(*found):
    return decay.turned(evidence_of([run for runs in found for run in runs]), ASKED)


def test_what_more_weight_decay_turns_round_is_said_with_whether_it_decides():
    said = "NCE and NCE+MAE are less accurate than cross-entropy at 40 and 80 % wrong labels."
    here = runs(0.4, 0.6, **HERE)
    assert turned(here, runs(0.6, 0.4, **THERE)) == f"Not so with ten times the weight decay: {said}"
    once = runs(0.6, 0.4, seeds=1, **THERE)
    assert turned(here, once) == f"Not so with ten times the weight decay (too few seeds to decide): {said}"
    near = runs(0.401, 0.4, seeds=1, **THERE)  # within the margin
    assert turned(here, near) == turned(here, runs(0.4, 0.6, **THERE)) == turned(here) == turned(once) == ""
    assert turned(runs(0.4, 0.6, seeds=1, **HERE), once) == ""  # nothing is clear that could be turned


def test_a_limit_goes_before_what_is_said():
    assert decay.limited("Yes.") == "At weight decay 0.001: yes."
    assert decay.limited("NCE is better.") == "At weight decay 0.001: NCE is better."


def test_the_price_of_a_scale_is_told_on_seeds_that_both_have():
    def at(setting, loss, last, memorised, seed=0):
        return record(loss, setting, seed, last=last, memorised=memorised, **HERE)

    one = [at("symmetric-0.4", "nce", 0.98, 0.01), at("symmetric-0.4", "nce", 0.5, 0.9, seed=1)]
    scaled = [at("symmetric-0.4", "nce,scale=10", 0.78, 0.5)]
    assert decay.of_scale(one + scaled) == (
        "More than the threshold asks has a price: on MNIST, at weight decay 0.001, a scale of 10 takes the accuracy "
        "of NCE from 98.0 to 78.0 % with symmetric 0.4 (50 % of the wrong labels memorised in place of 1); one seed, "
        "which decides nothing."
    )
    two = [at("symmetric-0.8", "nce", 0.8, 0.1), at("symmetric-0.8", "nce,scale=10", 0.3, 0.7)]
    assert " memorised in place of 1) and from 80.0 to 30.0 % with symmetric 0.8 (70 %" in decay.of_scale(
        one + scaled + two
    )
    gone = {"confusion": [[10] + [0] * 9] * 10}  # one answer to everything
    said = decay.of_scale([*one, scaled[0] | {"final": scaled[0]["final"] | gone}])
    assert " from 98.0 to 78.0 [9] % with symmetric 0.4 " in said
    assert said.endswith(" which decides nothing. In square brackets: digits that a run never answers, the most.")
    clean = [at("clean", "nce", 0.99, 0), at("clean", "nce,scale=10", 0.99, 0)]  # which have no wrong labels
    assert decay.of_scale(one + scaled + clean) == decay.of_scale(one + scaled)
    free = [at("symmetric-0.8", "nce", 0.8, 0.1), at("symmetric-0.8", "nce,scale=10", 0.9, 0.1)]
    assert decay.of_scale(one + scaled + free) == decay.of_scale(one) == decay.of_scale([]) == ""


def test_the_claim_on_the_nearer_weight_decay_is_open_until_its_seeds_are_there():
    start = "The claim that the first lies nearer to their tables, [C70](#evidence-c70), "
    nothing = claims.evaluate(claims.get("C70"), [], marks.MNIST_FULL)
    assert decay.of_claim(nothing) == f"{start}needs 3 seeds of each; this is what there is."
    part = SimpleNamespace(rows=[SimpleNamespace(n=3)])
    for outcome, words in (("held", "held"), ("did not hold", "did not hold"), ("undecided", "is undecided")):
        found = claims.Outcome("C70", marks.MNIST_FULL, outcome, "", evidence=(part,))
        assert decay.of_claim(found) == f"{start}{words}."
