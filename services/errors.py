"""What can go wrong in the domain; blueprints/errors.py turns each into its page, once (house-style.md)."""


class DomainError(Exception):
    """A rule of the product says no."""


class NotFound(DomainError):
    """Not there for you: unknown and somebody else's look the same (security.md C13)."""


class Forbidden(DomainError):
    """There, but not yours to do. `reason` is a text for the person, already translated."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Incomplete(DomainError):
    """Something the writer can mend is missing; `gaps` names the steps."""

    def __init__(self, gaps: list[str]) -> None:
        super().__init__(", ".join(gaps))
        self.gaps = gaps


class Unfit(DomainError):
    """An answer of the right shape that does not fit what is there; `field` names it, `message` is for the person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Conflict(DomainError):
    """Somebody was first. `message` says what the state is now, already translated."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NeedsFreshLogin(DomainError):
    """The act asks for a sign-in younger than fifteen minutes (C4)."""


class TooMany(DomainError):
    """A limit on how often something may be done was reached; `message` is for the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
