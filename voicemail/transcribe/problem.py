"""What is wrong with a recogniser, whichever it is."""


class EngineProblem(Exception):
    """An engine cannot be used as it is set up. The text is one sentence that says what to do."""
