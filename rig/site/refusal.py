"""What the site answers when it does not take something."""

from ledcal.rig.errors import RefusedInput

BAD_REQUEST = 400
UNKNOWN_TOKEN = 401
UNKNOWN_KEY = 403
CONTRADICTION = 409
OUTDATED = 412
TOO_LARGE = 413
UNBELIEVABLE = 422


class Refusal(RefusedInput):
    """Something was not taken.

    Attributes:
        status: Of the HTTP answer.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        """Keep the status beside the words."""
        super().__init__(code, text)
        self.status = status
