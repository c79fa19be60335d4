# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Beyond one machine
#
# *What the full study costs on how many devices, and how to run it as jobs of Slurm, a program by which many clusters share
# out their nodes.*
#
# ## What it costs
#
# The runs of a study do not depend on each other, so on twice as many devices they take half the time, down to the time of
# one run. The full study is `ma2020`, the paper's CIFAR-10 protocol; `ma2020-mnist` is its MNIST protocol, and `ma2020-small`
# the small one, on which the pages of CIFAR-10 rest.

# %% tags=["hide-input"]
import json

from nlr import paths
from nlr.book.display import Table
from nlr.evidence import cost, verdicts
from nlr.study import studies

measured = [json.loads((paths.RESULTS / "bench" / "cpu.json").read_text())]
chosen = [studies.load(name) for name in ("ma2020", "ma2020-mnist", "ma2020-small")]
numbers = cost.numbers(chosen, verdicts.committed(), measured)
Table(
    cost.table(numbers),
    name="cost",
    caption="How long a run takes, and in how many hours 1, 8 and 64 such devices make all runs that a study plans, each of them one "
    "run at a time. Where its protocol has records, of this or another study, the time of a run is the median of all of them on the "
    "device; else it comes from images a second in the [benchmark](/executed/speed.ipynb). Nothing is guessed from one kind of device "
    "to another.",
    left=["device", "timed by"],
    numbers=numbers,
)

# %% [markdown]
# ## As jobs on a cluster
#
# The folder `profiles/slurm` is a profile for Snakemake's Slurm executor. One command cuts a study into batches and submits a
# job for each:
#
# ```bash
# export NLR_DATA=/shared/data
# snakemake --profile profiles/slurm --config study=ma2020 store=/shared/mine device=cuda runs=4
# ```
#
# It is started in the root of the repository, in the environment that `make book` made (`source .venv/bin/activate`), on a
# machine from which `sbatch` works, and stays until the last job has ended (use `tmux` or the like). The tree, the
# environment, the data and the store must lie where every node sees them under the same path.
#
# | setting | means |
# |---|---|
# | `study` | the study, one that `python -m nlr status` names |
# | `store` | the folder of records that all jobs share |
# | `device` | `cpu` or `cuda`: which partition of the profile the jobs go to, and what they train on |
# | `runs` | how many runs a job makes, 8 where nothing is said; the runs of one job are neighbours in the study's order |
# | `workers` | how many of them side by side: so many cores; with `cuda` they share one GPU |
#
# Before the first use, write into `profiles/slurm/config.yaml` what the partitions of your cluster are called and how much
# memory and time a job may have; an account, if yours needs one, goes there too, as `slurm_account: name`. Choose `runs` so
# that a job ends within its time; a job that does not is ended by Slurm and goes on as below.
#
# ## What is lost, and what is not
#
# A job whose node is lost, whose time is up or that somebody cancels is submitted again, up to five times. The runs that it
# finished have records and are not trained again. The one that it was at goes on from its checkpoint, at most a minute and an
# epoch old, and ends with the same bits as one that was never interrupted, if it is a CPU of the same name; on another
# kind of device it starts anew and says so. On a cluster of several generations ask for one of them, with
# `constraint: name` in the profile.
#
# Every run has a lease, a small file in the store that its worker touches every ten seconds. So a job that is submitted again
# waits a minute before it takes over the run of a lost node, two commands on one store divide the runs between them, and
# `python -m nlr study` by hand or on a machine outside the cluster may help. The command itself can be stopped too: Ctrl-C
# cancels its jobs, and where it is killed the jobs that it had submitted go on. Type it again: batches that are done are known
# by files in the store's folder `.batches`, and the others go on.
#
# ## What was tried
#
# The tests start a real Slurm (Debian's packages `slurm-wlm` and `munge`) of one node on the machine that they run on. A study
# of two runs goes through it as two jobs; `scancel` ends one of them in the middle, Snakemake submits it again, and both
# records are compared, number by number, with those of runs without any job. That a job on the GPU partition asks for a GPU is
# tested too. Not tried: several nodes, a network file system, a real GPU partition.
#
# Two traps. Where Slurm keeps no accounts, `sacct` answers nothing and a command that asks it waits forever; the profile asks
# `squeue` instead, which forgets a job some minutes after its end (`MinJobAge`, five by default). And within a job the executor
# starts `srun` without the variable `SLURM_CONF`; where a cluster needs it, jobs end at once with "Could not establish a
# configuration source", and the file has to lie where Slurm looks for it by itself.
