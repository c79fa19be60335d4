"""What the theory pages compute: exact risks, conditions, gradients, a room for each subject.

Everything here is mathematics on small problems; nothing trains on images. Only :mod:`nlr.theory.predicted` reads
records, to set them beside what was predicted of them.
"""
