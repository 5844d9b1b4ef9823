"""What both clients raise when the server says no."""


class Refused(Exception):
    def __init__(self, errcode: str | None, status: int | None, message: str):
        super().__init__(f"{errcode or status or 'refused'}: {message}")
        self.errcode = errcode
        self.status = status
