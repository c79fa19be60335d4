"""Which runs there are and how they come to be: protocols, studies, runs, records, and what trains the missing ones.

Leases, checkpoints, bundles, estimates, provenance, the benchmark, lock-step and predictions are here too, for they
know protocols or records. What a step of training does belongs to :mod:`nlr.training`, what records say to
:mod:`nlr.evidence`.
"""
