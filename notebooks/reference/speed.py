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
# # Speed
#
# *How fast this book's own training loop, the engine, trains the paper's network beside two ordinary scripts, and what each
# step gained.*
#
# The study is hundreds of runs, so images a second decide how much evidence the book holds. `python -m nlr bench`
# measures this page anew on any machine. Every contender is a process of its own; they train in turns of a few seconds,
# round after round, with nothing else running, and a ratio is that of two contenders in one round. A turn begins with a
# few steps that are not timed, so that batches which were loaded while others had their turn count for nobody. The images
# are random: what they show does not matter for speed.

# %% tags=["hide-input"]
import json

from nlr import paths
from nlr.book.display import Facts, Prose, Table
from nlr.study import benchmark

measured = json.loads((paths.RESULTS / "bench" / "cpu.json").read_text())
of_mnist = json.loads((paths.RESULTS / "bench" / "cpu-cnn4.json").read_text())
rounded = json.loads((paths.RESULTS / "bench" / "rounded.json").read_text())
tests = [json.loads(path.read_text()) for path in sorted((paths.RESULTS / "bench").glob("precision*.json"))]
Facts(benchmark.facts(measured))

# %% [markdown]
# ## Against ordinary scripts
#
# The ordinary script trains in float32, with torchvision's transforms in a DataLoader with two workers and torch's
# default threads, and reads the loss at each step; nothing in it is slow on purpose. The second baseline keeps its
# images as one tensor in memory and augments them batch by batch. Both stand in the folder `benchmarks/`.

# %% tags=["hide-input"]
Table(
    benchmark.table(measured),
    name="contenders",
    caption="The paper's network at batch 128, augmentation and gradient clipping included: median over rounds, lowest "
    "and highest in brackets. The ratio is to the ordinary script, in the same round. One process with torch's default "
    "threads where nothing else is said.",
    numbers=benchmark.table_numbers(measured),
)

# %% tags=["remove-input"]
Prose(benchmark.in_words(measured))

# %% [markdown]
# ## The network of MNIST
#
# The same with the paper's 4-layer network on MNIST, which is trained without augmentation. Its first convolution has one input
# channel, for which the libraries behind torch have no quick way; other ways to take it were tried, on whole steps.

# %% tags=["hide-input"]
Table(
    benchmark.table(of_mnist),
    name="contenders-mnist",
    caption=f"The network of MNIST at batch 128, gradient clipping included ({of_mnist['machine']['device']}, "
    f"{of_mnist['machine']['date']}): median over rounds, lowest and highest in brackets. The ratio is to the ordinary script "
    "of MNIST, in the same round.",
    numbers=benchmark.table_numbers(of_mnist),
)

# %% tags=["hide-input"]
Table(
    benchmark.tried_table(of_mnist),
    name="tried-mnist",
    caption="Other ways to take the first convolution: time of a whole step relative to the engine's, median with lowest and "
    "highest.",
    numbers=benchmark.tried_numbers(of_mnist),
)

# %% tags=["remove-input"]
Prose(benchmark.in_words(of_mnist))

# %% [markdown]
# ## What else was looked at
#
# Each row times the one part of a step that a change would touch, as the engine does it and with the change, and says how
# large that part is beside a whole step. Where the change is slower, or quicker in a part too small to matter, the engine
# does without; another optimiser would also change the last bits of every run.

# %% tags=["hide-input"]
Table(
    benchmark.tried_table(measured),
    name="tried",
    caption="Changes that were looked at: time relative to what the engine does, median with lowest and highest.",
    numbers=benchmark.tried_numbers(measured),
)

# %% [markdown]
# ## Losses
#
# A loss should cost nothing beside the network. Alone, forward and backward at 4,096 samples of 10 classes, it may take
# 1.5 times torch's cross-entropy, and a whole step 1.02 times the step with it.

# %% tags=["remove-input"]
Prose(benchmark.losses_in_words(measured))

# %% tags=["hide-input"]
Table(
    benchmark.losses_table(measured),
    name="losses",
    caption="Time relative to torch's cross-entropy. *Alone*: value and gradient at 4,096 rows. *Adds to a step*: what value "
    "and gradient at the batch of 128 take longer, in per cent of the step. *Whole step*: measured as such for the twelve "
    "losses of the study and the slowest of all. Median with lowest and highest.",
    numbers=benchmark.losses_numbers(measured),
)

# %% [markdown]
# ## Precision
#
# Training in bf16 is only worth its speed if it ends where float32 ends. The test and its margin stand in
# `benchmarks/precision.py` and were committed before it was run.

# %% tags=["remove-input"]
Prose("\n\n".join(benchmark.precision_in_words(test) for test in tests))

# %% [markdown]
# Many CPUs have no instructions for bf16 (where torch reports AVX2, for example), and there torch takes one product after
# the other. On those the engine rounds what goes into a convolution or a linear layer to bf16, multiplies in float32 and
# rounds the result once. A product of two bf16 numbers is exact in float32, so this is the same arithmetic up to the
# order of its sums, at the speed of float32. Behind the name of the CPU a record gives the instructions that torch used;
# the older records do not.

# %% tags=["remove-input"]
Prose(benchmark.rounded_in_words(rounded))

# %% [markdown]
# ## On a GPU
#
# Not measured yet: see the open targets on the [status page](status.ipynb).
