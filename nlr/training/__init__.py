"""How a network is trained: the engine that takes a step, the precision of its products, and the one training function.

A resolved run and its data come in, the parts of its record go out. What names runs, reads protocols or writes files
belongs to :mod:`nlr.study`.
"""


def __getattr__(name):
    """``nlr.training.train``, imported when it is asked for."""
    if name == "train":
        from nlr.training.loop import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
