"""What the runs cover, in sentences: on records made by hand, and on all that there are."""

import re

from factory import record

from nlr.book import scope
from nlr.evidence import verdicts
from nlr.noise import OF_PEOPLE
from nlr.paths import ROOT


def test_each_data_set_is_told_with_images_epochs_network_and_noise():
    mnist = {"protocol": "ma2020-mnist", "dataset": "mnist"}
    found = [
        record("ce", "symmetric-0.4", **mnist),
        record("ce", "clean"),
        record("ce", "human-worse"),
        record("ce", "symmetric-0.4", protocol="ma2020-small-x4"),
    ]
    assert scope.tested(found) == (
        "CIFAR-10, JPEG q75 (3 runs on 1,000 images, 25 to 100 epochs, 8-layer CNN at half width; noise: none, "
        "symmetric and labels by people); MNIST (1 run on 1,000 images, 50 epochs, 4-layer CNN; noise: symmetric)"
    )


def test_a_network_of_a_report_goes_by_its_name():
    one = record("ce", "clean")
    one["config"] = one["config"] | {"model": {"name": "soni-cnn"}}
    assert "soni-cnn" in scope.tested([one])


def test_labels_by_people_are_counted_with_their_matrix():
    assert scope.people([record("ce", "clean")]) == "No run has labels by people (CIFAR-10N)."
    found = [record("ce", "human-worse"), record("ce", "human-worse", 1), record("ce", "matrix-worse")]
    assert "have 3 runs of `ma2020-small`, 1 to 2 seeds each;" in scope.people(found)


def test_every_run_that_there_is_is_told():
    records = verdicts.committed()
    numbers = re.findall(r"\(([\d,]+) runs? on", scope.tested(records))
    assert sum(int(number.replace(",", "")) for number in numbers) == len(records)
    of_people = sum(record["config"]["noise"]["kind"] in OF_PEOPLE for record in records)
    assert f" have {of_people} runs of " in scope.people(records)


def test_the_landing_page_takes_what_is_tested_from_the_records():
    page = (ROOT / "book" / "index.md").read_text()
    assert all(f"snippets/{name}.md" in page for name in ("tested", "people"))
    assert "CIFAR-10N" not in page
