"""Which runs there are and how they come to be: protocols, studies, runs, records, and what trains those that are missing.

Leases, checkpoints, bundles, estimates, provenance, the benchmark and lock-step are here too, for they know protocols
or records. What a step of training does belongs to :mod:`nlr.training`, what records say to :mod:`nlr.evidence`.
"""
