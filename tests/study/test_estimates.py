"""Durations as people write them, and how fast a protocol is trained."""

import pytest
from factory import put
from hypothesis import given
from hypothesis import strategies as st

from nlr.errors import NlrError
from nlr.study import estimates


@pytest.mark.parametrize(
    ("text", "seconds"), [("9m", 540), ("540", 540), ("540s", 540), ("1h30m", 5400), ("1.5m", 90), ("2h5s", 7205)]
)
def test_durations_are_read(text, seconds):
    assert estimates.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "soon", "-3", "5m1h", "9 m", "1d", "m"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(NlrError, match="9m or 540s"):
        estimates.parse_duration(text)


@given(st.integers(1, 10**6))
def test_a_duration_in_words_loses_at_most_a_minute(seconds):
    words = estimates.in_words(seconds).replace("min", "m").replace(" ", "")
    assert 0 <= seconds - estimates.parse_duration(words) < (60 if seconds >= 3600 else 1)


def test_pace_is_of_records_alike_until_epochs_are_timed(tmp_path):
    found = [
        put(tmp_path, seed=0, wall_seconds=80.0),  # of 40 epochs
        put(tmp_path, seed=1, wall_seconds=160.0),
        put(tmp_path, seed=2, wall_seconds=400.0),
        put(tmp_path, seed=3, wall_seconds=1.0, device_type="cuda"),
    ]
    pace = estimates.Pace(found, "digits", "cpu")
    assert (pace.seconds, pace.source) == (4.0, "from 3 records of digits on cpu")
    pace.note(7.0)
    pace.note(9.0)
    assert (pace.seconds, pace.source) == (8.0, "from 2 epochs timed in this call")
    pace.note(100.0, first=True)  # something better is known
    assert pace.seconds == 8.0
    nothing = estimates.Pace(found, "ma2020", "cpu")
    assert (nothing.seconds, nothing.source) == (None, "nothing timed yet")
    nothing.note(100.0, first=True)
    assert nothing.seconds == 100.0
    nothing.note(7.0)
    assert (nothing.seconds, nothing.source) == (7.0, "from 1 epochs timed in this call")


def test_paces_are_of_one_protocol_each(tmp_path):
    put(tmp_path, seed=0, wall_seconds=80.0)  # of 40 epochs
    paces = estimates.Paces("cpu", tmp_path)
    assert paces.of("digits") is paces.of("digits")
    assert paces.left({"digits": 10}) == (20.0, "from 1 records of digits on cpu")
    assert paces.left({"ma2020": 10}) == (None, "nothing timed yet")
    assert paces.left({"digits": 10, "ma2020": 10}) == (None, "not every protocol was timed yet")
    paces.of("ma2020").note(3.0)
    seconds, source = paces.left({"digits": 10, "ma2020": 10})
    assert (seconds, source) == (50.0, "from 1 records of digits on cpu, from 1 epochs timed in this call")


def test_records_are_those_of_the_protocol_that_can_be_read(tmp_path):
    mine = put(tmp_path / "a", seed=0)
    put(tmp_path / "a", protocol="ma2020-small", dataset="cifar10")
    put(tmp_path / "b", seed=1)
    (tmp_path / "b/digits/digits/ce/symmetric-0.4/seed-1.json").write_text("{")
    assert estimates.records_of("digits", tmp_path / "a", tmp_path / "b", tmp_path / "none") == [mine]
