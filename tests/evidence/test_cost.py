"""What studies cost: seconds of records and of the benchmark, and how many devices share the runs."""

from factory import record

from nlr.evidence import cost
from nlr.study import studies

MEASURED = {
    "machine": {"device": "A processor", "device_type": "cpu"},
    "protocol": {"network": "cnn8"},
    "contenders": {"engine, bf16, one thread": {"images_per_second": [100.0, 500.0, 250.0]}},
    "engine": {"evaluated_images_per_second": 1000.0},
}


def test_records_of_the_protocol_say_what_an_epoch_takes_on_each_device():
    found = [record("ce", "clean", seed, wall_seconds=w) for seed, w in enumerate((25.0, 50.0, 100.0))]
    found.append(record("ce", "clean", 3, wall_seconds=5.0, device="A card", device_type="cuda"))
    found.append(record("ce", "clean", 4, protocol="ma2020", wall_seconds=1e6))
    cpu, cuda = cost.seconds_per_epoch("ma2020-small", found, [MEASURED])  # of 25 epochs
    assert cpu == {"device_type": "cpu", "device": "A processor", "seconds": 2.0, "source": "3 records"}
    assert cuda == {"device_type": "cuda", "device": "A card", "seconds": 0.2, "source": "1 record"}


def test_the_benchmark_counts_where_the_protocol_takes_its_steps_and_has_no_record():
    (row,) = cost.seconds_per_epoch("ma2020", [], [MEASURED])  # 50,000 images to train on, 10,000 to test on
    assert row == {"device_type": "cpu", "device": "A processor", "seconds": 210.0, "source": "benchmark"}
    assert cost.seconds_per_epoch("ma2020-small", [], [MEASURED]) == []
    assert cost.seconds_per_epoch("ma2020-mnist", [], [MEASURED]) == []


def test_runs_are_divided_whole_among_devices():
    chosen = studies.load("ma2020-small")  # 176 runs of 25 epochs
    found = [record("ce", "clean", wall_seconds=3600.0)]
    numbers = cost.numbers([chosen], found, [])
    assert numbers.loc[0, "a run (s)"] == 3600
    assert numbers.loc[0, "hours on 64"] == 3
    timed, missing = cost.table(numbers).to_dict("records")
    assert timed == {
        "study": "ma2020-small",
        "runs": 176,
        "device": "a core, A processor",
        "timed by": "1 record",
        "a run": "1 h 0 min",
        "hours on 1": "176.0",
        "hours on 8": "22.0",
        "hours on 64": "3.0",
    }
    assert (missing["device"], missing["timed by"], missing["hours on 64"]) == ("a GPU", "not measured", "–")
