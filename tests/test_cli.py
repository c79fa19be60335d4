"""The command line: what each command prints and leaves, and one sentence on stderr for bad input."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from factory import put

from nlr import data, losses, paths
from nlr.__main__ import main
from nlr.evidence import progress
from nlr.study import bundle, execute, records, studies
from nlr.training import loop

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, own_protocols, own_studies, own_stores):
    """Run the command line in an empty folder; gives exit status, stdout and stderr."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nlr", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out = capsys.readouterr()
        return stopped.value.code, out.out, out.err

    return run


def made(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# What it does


def test_losses_lists_every_loss(command):
    status, out, _ = command("losses")
    assert status == 0
    words = out.split()
    assert set(losses.names()) <= set(words)
    (mae,) = [line.split() for line in out.splitlines() if line.startswith("mae ")]
    assert {"mae", "passive", "0", "2", "18"} <= set(mae)


def test_run_leaves_one_record_and_says_where(command, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    status, out, error = command("run", "digits", "nce+mae,beta=2", "symmetric-0.4", "--seed", 3, "--store", "mine")
    assert status == 0, error
    place = "digits/digits/nce+mae,beta=2/symmetric-0.4/seed-3.json"
    assert made(tmp_path / "here" / "mine") == [place]
    record = records.read(tmp_path / "here" / "mine" / place)
    assert f"mine/{place}" in out.splitlines()  # on a line of its own, to be copied
    assert f"last epoch {100 * record['final']['last_accuracy']:.1f} %" in out
    assert record["facts"]["purpose"] == "own run"

    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained twice"))
    again = command("run", "digits", "nce+mae,beta=2", "symmetric-0.4", "--seed", 3, "--store", "mine")
    assert again[:2] == (0, out)


STUDY = """
title = "Two runs"
protocol = "digits"
dataset = "digits"
store = "live"
[[block]]
purpose = "demonstration"
losses = ["ce", "mae"]
settings = ["clean"]
seeds = [0]
"""


@pytest.mark.parametrize(("options", "purpose"), [([], "demonstration"), (["--store", "mine"], "own run")])
def test_study_trains_what_is_missing(command, tmp_path, own_studies, options, purpose):
    (own_studies / "two.toml").write_text(STUDY)
    store = tmp_path / "here" / "mine" if options else studies.STORES["live"]
    first = put(store, "ce", "clean")
    status, out, error = command("study", "two", *options)
    assert status == 0, error
    assert "1 runs trained, 2 of 2 records" in out
    assert made(store) == ["digits/digits/ce/clean/seed-0.json", "digits/digits/mae/clean/seed-0.json"]
    assert records.read(store / "digits/digits/ce/clean/seed-0.json") == first
    assert records.read(store / "digits/digits/mae/clean/seed-0.json")["facts"]["purpose"] == purpose
    assert "0 runs trained, 2 of 2 records" in command("study", "two", *options)[1]


def test_study_trains_only_the_runs_that_are_asked_for(command, tmp_path, own_studies):
    (own_studies / "two.toml").write_text(STUDY)
    assert "1 runs trained, 1 of 1 records in mine" in command("study", "two", "--store", "mine", "--runs", "2-2")[1]
    assert made(tmp_path / "here" / "mine") == ["digits/digits/mae/clean/seed-0.json"]
    assert "1 runs trained, 2 of 2 records in mine" in command("study", "two", "--store", "mine", "--runs", "1-2")[1]


@pytest.mark.parametrize("there", ["digits-mended", "digits"])
def test_study_asks_for_the_copy_that_it_names_and_takes_another_under_its_own_name(
    command, own_studies, digits, monkeypatch, there
):
    (own_studies / "two.toml").write_text(STUDY.replace('dataset = "digits"', 'dataset = "digits-mended"'))
    asked = []

    def load(family, root, prefer):
        asked.append((family, prefer))
        return dataclasses.replace(digits, name=there)

    monkeypatch.setattr(data, "load", load)
    status, _, error = command("study", "two", "--store", "mine")
    assert status == 0, error
    assert asked == [("digits", "digits-mended")]
    assert made(Path("mine")) == [f"{there}/digits/{loss}/clean/seed-0.json" for loss in ("ce", "mae")]


def damage(store, *run):
    record = put(store, *run)
    path = records.path_of(store, record["config"])
    path.write_text(path.read_text().replace("A processor", "A better one"))
    return path


def size(name):
    return len(list(studies.load(name).runs()))


def test_status_names_what_is_damaged_before_it_counts(command, own_stores):
    put(own_stores["live"], "ce", "clean")  # 2 epochs of 60 seconds
    put(own_stores["results"], "mae", "asymmetric-0.4", device_type="cuda", **SMALL)
    path = damage(own_stores["live"], "nce", "clean")
    status, out, error = command("status")
    assert status == 1
    assert error == "nlr: 1 damaged or missing, named above.\n"
    lines = out.splitlines()
    assert lines[0].startswith(f"damaged: {path} was edited")
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert " ".join(rows["digits"]) == "1 of 32 0 0 1 h 2 min"
    assert " ".join(rows["ma2020-small"]) == f"1 of {size('ma2020-small')} 0 0 not timed yet"
    assert " ".join(rows["ma2020"]) == f"0 of {size('ma2020')} 0 0 not timed yet"
    assert set(studies.names()) <= set(rows)
    assert len(lines) < len(studies.names()) + 10  # the long tables are asked for

    status, out, error = command("status", "--cells")
    assert out.splitlines()[: len(lines)] == lines
    assert "digits: 1 of 32 runs" in out
    assert "about 1 h 2 min for the rest, from 1 records of digits on cpu" in out
    assert "1/2" in out


def test_status_of_whole_stores_is_well_and_names_what_is_complete(command, own_studies, own_stores):
    for path in own_studies.glob("*.toml"):
        path.unlink()
    for name, seeds in (("one", "0"), ("three", "0, 1, 2")):
        text = STUDY.replace('"ce", "mae"', '"ce"').replace("seeds = [0]", f"seeds = [{seeds}]")
        (own_studies / f"{name}.toml").write_text(text)
    put(own_stores["live"], "ce", "clean")
    status, out, error = command("status")
    assert (status, error) == (0, "")
    assert [line.split()[:4] for line in out.splitlines() if "of" in line] == [["three", "1", "of", "3"]]
    assert out.splitlines()[-1] == "Complete, with so many runs: one (1)"


def test_a_data_root_that_is_not_there_is_said_before_anything_else(command, tmp_path, own_stores):
    status, out, error = command("status", "--data-root", tmp_path / "nowhere")
    assert (status, out) == (1, "")
    assert error.startswith(f"nlr: The data root '{tmp_path / 'nowhere'}' is not a folder")
    (tmp_path / "data").mkdir()
    assert command("status", "--data-root", tmp_path / "data")[::2] == (0, "")
    put(own_stores["results"], "ce", "clean", **SMALL)
    status, out, error = command("status", "--data-root", tmp_path / "data")
    assert (status, error) == (1, "nlr: 1 damaged or missing, named above.\n")
    assert out.startswith("damaged: No CIFAR-10 under the data root")


@pytest.fixture
def seen(own_stores, monkeypatch):
    """Records whose tables are long and wide; the stores are looked at once."""
    for store in (own_stores["live"], Path("mine")):
        for loss in ("ce", "nce+mae,beta=1.5", "krishnan-apl(krishnan-nce+mae),alpha=0.8"):
            put(store, loss, last=0.5)
    put(Path("mine"), "gce", last=0.5)
    found = progress.status()
    monkeypatch.setattr(progress, "status", lambda: found)


@pytest.mark.parametrize("arguments", [["losses"], ["status", "--cells"], ["compare", "mine"]], ids=" ".join)
def test_a_table_fits_the_terminal_and_breaks_no_word(command, monkeypatch, seen, arguments):
    monkeypatch.setenv("COLUMNS", "1000")
    words = set(command(*arguments)[1].split())
    for width in (80, 100):  # narrower than the longest name of a loss a table cannot be
        monkeypatch.setenv("COLUMNS", str(width))
        out = command(*arguments)[1]
        assert set(out.split()) == words
        tables = [line for line in out.splitlines() if "  " in line]
        assert len(tables) > 3
        assert max(map(len, tables)) <= width


def test_blocks_of_a_wide_table_begin_with_its_first_column(command, monkeypatch, seen):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = command("status", "--cells")
    parts = out.split("\n\n")
    (place,) = [number for number, part in enumerate(parts) if part.startswith("ma2020: ")]
    expected = studies.load("ma2020").losses()
    for part in parts[place : place + 2]:
        assert [line.split()[0] for line in part.splitlines()[-len(expected) :]] == expected


def test_status_as_json_is_json_alone(command, own_stores):
    put(own_stores["live"], "ce", "clean")
    path = damage(own_stores["live"], "nce", "clean")
    status, out, error = command("status", "--json")
    assert (status, error) == (1, "nlr: 1 damaged or missing, named above.\n")
    text = json.loads(out)
    (cell,) = [c for c in text["cells"] if c["have"]]
    counts = {"wanted": 2, "have": 1, "running": 0, "set_aside": 0}
    place = {"study": "digits", "protocol": "digits", "dataset": "digits"}
    assert cell == place | {"setting": "clean", "loss": "ce"} | counts
    assert sum(c["wanted"] for c in text["cells"]) == sum(map(size, studies.names()))
    (row,) = [row for row in text["studies"] if row["study"] == "digits"]
    based_on = "from 1 records of digits on cpu"
    counts = {"wanted": 32, "have": 1, "running": 0, "set_aside": 0}
    assert row == {"study": "digits"} | counts | {"seconds_left": 31 * 120, "based_on": based_on}
    assert {row["seconds_left"] for row in text["studies"] if row["study"] != "digits"} == {None}
    assert len(text["damaged"]) == 1
    assert str(path) in text["damaged"][0]


def test_compare_sets_yours_beside_ours(command, tmp_path, own_stores):
    mine = tmp_path / "here" / "[mine]"  # brackets are no markup
    for loss, yours, ours in (("ce", 0.505, 0.5), ("mae", 0.4, 0.5), ("gce", 0.3, None)):
        put(mine, loss, last=yours, best=0.7, device="A GPU")
        if ours:
            put(own_stores["live"], loss, last=ours, best=0.7)
    path = damage(mine, "nce")
    status, out, error = command("compare", "[mine]")
    assert (status, error) == (1, "nlr: 1 damaged or missing, named above.\n")
    assert "\n\ndigits, symmetric-0.4\n" in out
    rows = {line.split()[0]: line for line in out.splitlines() if "n = 1" in line}
    assert all(word in rows["ce"] for word in ("50.5 (n = 1)", "50.0 (n = 1)", "+0.5", "agrees"))
    assert all(word in rows["mae"] for word in ("40.0 (n = 1)", "-10.0", "differs"))
    assert "no record of ours" in rows["gce"]
    assert "device: yours A GPU, ours A processor" in out
    assert out.startswith(f"damaged: {path.relative_to(tmp_path / 'here')} was edited")

    status, out, error = command("compare", "[mine]", "--json")
    assert (status, error) == (1, "nlr: 1 damaged or missing, named above.\n")
    text = json.loads(out)
    assert {c["loss"]: c["agree"] for c in text["cells"]} == {"ce": True, "mae": False, "gce": None}
    assert len(text["damaged"]) == 1


@pytest.mark.parametrize("loss", ["ce", "nce"])
def test_compare_of_damaged_records_alone_names_them(command, loss):
    for one in {"ce", loss}:
        damage("mine", one)
    status, out, error = command("compare", "mine")
    assert (status, out) == (1, "")
    (line,) = error.splitlines()
    assert line.startswith("nlr: No record in 'mine' can be read: mine/digits/digits/ce/")
    assert f"mine/digits/digits/{loss}/symmetric-0.4/seed-0.json was edited" in line


def test_a_bundle_that_leaves_something_out_says_so(command):
    put("mine", "mae", "clean")
    path = damage("mine", "nce", "clean")
    status, out, error = command("bundle", "mine.zip", "--store", "mine")
    assert (status, error) == (1, "nlr: 1 damaged or missing, named above.\n")
    assert out.startswith(f"damaged: {path} was edited")
    assert out.endswith("1 files packed into mine.zip\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "digits", "ce", "clean", "--store=~/mine"], "home/mine/digits/digits/ce/clean/seed-0.json"),
        (["study", "two", "--store=~/mine"], "2 of 2 records in {home}/mine"),
        (["bundle", "~/new.zip", "--store=~/mine"], "packed into {home}/new.zip"),
        (["import", "~/old.zip", "--store=~/mine"], "files added to {home}/mine, 2 were there already"),
        (["compare", "~/mine"], "Mean test accuracy after the last epoch"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_command_finds_ones_home(command, tmp_path, monkeypatch, own_studies, own_stores, arguments, words):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (own_studies / "two.toml").write_text(STUDY)
    for loss in ("ce", "mae"):
        put(tmp_path / "home" / "mine", loss, "clean")
        put(own_stores["live"], loss, "clean")
    bundle.write(tmp_path / "home" / "old.zip", tmp_path / "home" / "mine")
    status, out, error = command(*arguments)
    assert status == 0, error
    assert words.format(home=tmp_path / "home") in out
    assert made(tmp_path / "here") == []


# Bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "digit", "ce", "clean"], ("'digit'", "Did you mean 'digits'", "ma2020-small")),
        (["run", "digits", "cee", "clean"], ("'cee'", "Did you mean", "nce", "mae")),
        (["run", "digits", "nce+mae,gama=1", "clean"], ("'gama'", "beta")),
        (["run", "digits", "ce", "uniform-0.4"], ("uniform-0.4", "symmetric-0.4", "human-")),
        (["run", "digits", "ce", "symmetric-1.5"], ("1.5", "below 1")),
        (["run", "digits", "ce", "human-worst"], ("worst", "worse")),
        (["run", "digits", "ce", "human-worse"], ("human-worse", "digits", "CIFAR-10 only")),
        (["study", "digits", "--budget", "soon"], ("'soon'", "9m")),
        (["bundle", "mine.zip", "--store", "nowhere"], ("No record to pack", "nowhere")),
        (["import", "nowhere.zip"], ("nowhere.zip", "no readable bundle")),
        (["run", "digits", "ce", "clean", "--seed", "-1"], ("-1", "from 0")),
        (["run", "digits", "ce", "clean", "--seed", "18446744073709551616"], ("from 0 to 18446744073709551615",)),
        (["run", "digits", "ce", "clean", "--seed", "one"], ("'one'", "from 0")),
        (["run", "digits", "ce", "clean", "--store", ""], ("--store is an empty path",)),
        (["run", "digits", "ce", "clean", "--data-root", " "], ("--data-root is an empty path",)),
        (["study", "digits", "--store="], ("--store is an empty path",)),
        (["study", "digits", "--budget", ""], ("Duration ''",)),
        (["study", "digits", "--runs", "40-99"], ("--runs is '40-99'", "from 1 to 32", "1-8")),
        (["status", "--data-root", ""], ("--data-root is an empty path",)),
        (["bundle", ""], ("archive is an empty path",)),
        (["bundle", "mine.zip", "--part", ""], ("--part is an empty path",)),
        (["import", "mine.zip", "--store", ""], ("--store is an empty path",)),
        (["compare", ""], ("store is an empty path",)),
        (["bench", "--out", ""], ("--out is an empty path",)),
        (["run", "digits", "ce", "clean", "--device", "tpu"], ("'tpu'", "Known: auto, cpu, cuda.")),
        (["run", "ma2020", "ce", "clean"], ("No data root", "NLR_DATA")),
        (["run", "ma2020", "ce", "clean", "--data-root", "nowhere"], ("'nowhere' is not a folder",)),
        (["run", "digits", "ce", "clean", "--store", __file__], ("cannot be written", "not a folder")),
        (["study", "digit"], ("'digit'", "Did you mean 'digits'", "ma2020")),
        (["study", "ma2020-small"], ("No data root",)),
        (["study", "digits", "--device", "tpu"], ("'tpu'",)),
        (["compare", "nowhere"], ("No record in 'nowhere'", "seed-<n>.json")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and "--store" not in value else "",
)
def test_bad_input_is_one_sentence_and_leaves_nothing(command, tmp_path, monkeypatch, arguments, words):
    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained"))
    status, out, error = command(*arguments)
    assert status == 1
    assert out == ""
    (line,) = error.splitlines()
    assert line.startswith("nlr: ")
    assert all(word in line for word in words)
    assert made(tmp_path / "here") == []
    assert not (tmp_path / "stores").exists()


@pytest.mark.parametrize("arguments", [["run", "digits"], ["runs"], ["study", "digits", "--workers", "0"]])
def test_wrong_usage_is_exit_status_2(command, tmp_path, arguments):
    status, _, error = command(*arguments)
    assert status == 2
    assert "Usage" in error
    assert "Traceback" not in error
    assert made(tmp_path / "here") == []


def test_an_interrupt_is_exit_status_130_and_says_how_to_go_on(command, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "train_missing", interrupt)
    status, _, error = command("study", "digits")
    assert status == 130
    assert error.strip() == "nlr: stopped; every finished run has its record, the same command goes on."


# As a process


def nlr(*arguments, cwd, **environment):
    command = [sys.executable, "-m", "nlr", *arguments]
    path = {"PYTHONPATH": str(paths.ROOT)}
    options = {"capture_output": True, "text": True, "errors": "replace"}
    return subprocess.run(command, cwd=cwd, env=os.environ | path | environment, **options)


def test_help_names_every_command_and_what_the_exit_status_says():
    done = nlr("--help", cwd=paths.ROOT)
    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in ("losses", "run", "study", "status", "compare"))
    text = " ".join(done.stdout.split())
    assert all(f"{status} " in text.partition("Exit status: ")[2] for status in (0, 1, 2, 130, 141))


C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}  # without what Python would do about it


@pytest.mark.parametrize("locale", [C_LOCALE, {"PYTHONIOENCODING": "latin-1"}], ids=str)
def test_output_can_be_written_in_every_encoding(tmp_path, locale):
    store = tmp_path / "d\u00e9j\u00e0 \u4e2d"
    put(store, "gce", "clean", protocol="chheda-clip")  # of which there is no record of ours: a dash
    damage(store, "nce", "clean")
    done = nlr("compare", store, cwd=tmp_path, **locale)
    assert (done.returncode, done.stderr) == (1, "nlr: 1 damaged or missing, named above.\n")
    assert done.stdout.startswith(f"damaged: {tmp_path}/d")
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("gce")]
    assert row.split() == ["gce", "50.0", "(n", "=", "1)", *["-"] * 4, "no", "record", "of", "ours"]


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nlr", "losses"]
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_that_cannot_be_written_ends_it_with_one_sentence(tmp_path):
    command = [sys.executable, "-m", "nlr", "losses"]
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    said = f"nlr: the output cannot be written: [Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("from nlr.__main__ import main; main()", ""),
        ("from nlr.losses import make_loss; print(make_loss('nce').name); import nlr.study.experiment", "nce\n"),
    ],
    ids=["command line", "package"],
)
def test_where_the_system_is_not_supported_it_is_one_sentence(tmp_path, code, shown):
    """Windows has no module resource; losses need none."""
    command = [sys.executable, "-c", f"import sys\nsys.modules['resource'] = None\n{code}", "losses"]
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (1, shown)
    last = done.stderr.splitlines()[-1]
    assert last.endswith("Training runs on Linux (untried: macOS, Windows in WSL); this system lacks what it needs.")
    if not shown:
        assert done.stderr.splitlines() == [last]


def test_a_process_ends_with_status_1_and_one_line(tmp_path):
    done = nlr("run", "digits", "nce+mse", "clean", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("nlr: Unknown loss 'mse'.")
    assert made(tmp_path) == []
