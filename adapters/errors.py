"""The two ways an outside system can fail us. Neither text ever holds an identity number, an address or a token."""


class Unavailable(Exception):
    """The system gave no usable answer: nothing was decided, try again later.

    `reason` is a short word for logs and support (`timeout`, `503`, `MP-121`), never shown to people.
    """

    def __init__(self, system: str, reason: str = "") -> None:
        super().__init__(system)
        self.system = system
        self.reason = reason


class Rejected(Exception):
    """The system answered, and the answer is no; asking again will not change it."""

    def __init__(self, system: str, code: str, reason: str = "") -> None:
        super().__init__(f"{system}: {code}")
        self.system = system
        self.code = code
        self.reason = reason
