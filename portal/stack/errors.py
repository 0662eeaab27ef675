"""The one error of this package: its message is the single line a person sees."""


class StackError(Exception):
    """Something about the machine or its set-up stops us; the message names the remedy and holds no secret."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
