"""What the theory pages compute: exact risks, conditions, gradients, a room for each subject.

Everything here is mathematics, on small problems or of the runs of a study before they are made; nothing trains on
images and nothing reads records.
"""
