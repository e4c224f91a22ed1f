"""What ends a command beside the errors of the parts that it uses."""


class CommandFailed(Exception):
    """What was asked for did not come about. The message says why and what to do; the exit status is 1."""
