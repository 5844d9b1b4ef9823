"""JSON over HTTP to a homeserver."""

import json
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode

TIMEOUT_SECONDS = 90

# The servers are on loopback, whatever proxy this machine uses otherwise.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """The server said no."""

    def __init__(self, request: str, status: int, answer):
        self.status = status
        self.errcode = answer.get("errcode") if isinstance(answer, dict) else None
        self.answer = answer
        super().__init__(f"{request} answered {status} {answer}")


def fetch(method: str, url: str, token: str | None = None, data: bytes | None = None, kind="application/json"):
    """One request; gives back the answer's headers and body."""
    headers = {"Content-Type": kind} if data is not None else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
        try:
            said = json.loads(body)
        except ValueError:
            said = body.decode(errors="replace")
        raise Refused(f"{method} {url}", error.code, said) from None


def call(method: str, url: str, token: str | None = None, body=None):
    data = None if body is None else json.dumps(body).encode()
    _, answer = fetch(method, url, token, data)
    return json.loads(answer)


def path(*segments: str, **query) -> str:
    """A path of percent-encoded segments, and a query; a list in the query repeats its key."""
    joined = "/".join(quote(segment, safe="") for segment in segments)
    return f"{joined}?{urlencode(query, doseq=True)}" if query else joined
