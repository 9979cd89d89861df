"""Errors that a person reads: one sentence naming what, where and what to do."""


class ReenactbenchError(Exception):
    """Bad usage or bad input; the command line prints it without a traceback and ends with status 2."""


class BadOutput(ReenactbenchError):
    """What a method returned is not what the interface asks for."""


class MissingWeights(ReenactbenchError):
    """A network's file is not on this machine; what needs it is `not computed` and the run goes on."""


class StorageError(ReenactbenchError):
    """A file of our own cannot be written, or is not as it was written: never the fault of a plugin whose call asked
    for it."""


class Damaged(StorageError):
    """A file of our own does not hold what was written to it; where that can be made again, it is."""
