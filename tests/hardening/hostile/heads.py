"""Request lines and headers."""

from __future__ import annotations

from .case import EITHER, END, GOOD, REFUSED, SERVED, Case, case, head, post, turn

BODY = turn()
LENGTH = f"content-length: {len(BODY)}"
JSON = "content-type: application/json"


def line(text: str | bytes, *fields: str | bytes, body: bytes = b"") -> bytes:
    """Make a request with its own first line."""
    given = text.encode() if isinstance(text, str) else text
    return head(*fields, *([f"content-length: {len(body)}"] if body else []), line=given) + body


def turned(text: str) -> bytes:
    """Send a good turn to some target."""
    return line(f"POST {text} HTTP/1.1", JSON, body=BODY)


PATHS = (
    *("/", "/v1", "/v1/", "/v1/chat/completions", "/v1/embeddings", "/responses/../x", "//"),
    *("/v1/responses/..", "/v1/responses%00", "/v1/responses%2f", "/v1/Responses", "*"),
    *("/.git/config", "/etc/passwd", "/v1/responses/a/b/c", "/v1/models/../../x", "/health"),
    *("/aaaa" + "a" * 60_000, "/v1/files?x=/responses", "/v1/responses#x", "/\xff\xfe", "/%ff%fe"),
)
METHODS = (
    *("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PRI", "X" * 5000),
    *("P\0ST", "CONNECT"),
)
SERVED_TARGETS = ("/v1/responses?", "/v1/responses/", "/v1/responses?a=%00&b", "//v1/responses")
ABSOLUTE = (
    *("http://127.0.0.1/v1/responses", "http://api.openai.com/v1/responses"),
    *("https://api.openai.com:443/v1/responses", "HTTP://LOCALHOST/v1/responses"),
    *("http://[::1]/v1/responses", "http://user:pass@127.0.0.1/v1/responses"),
)
BAD_TARGETS = (
    *("ftp://127.0.0.1/v1/responses", "http://", "http:///v1/responses", "v1/responses"),
    *("http://a:99999/v1/responses", "http://a:b/v1/responses", "http://\xff/v1/responses"),
    "javascript:alert(1)",
)
BAD_LINES = {
    "no version": b"POST /v1/responses",
    "HTTP/0.9": b"POST /v1/responses HTTP/0.9",
    "HTTP/3.0": b"POST /v1/responses HTTP/3.0",
    "HTTP/x": b"POST /v1/responses HTTP/x",
    "a word too many": b"POST /v1/responses x HTTP/1.1",
    "one word": b"POST",
    "bytes": b"\x00\x01\x02\x03\x04",
    "SSH": b"SSH-2.0-OpenSSH_9.6",
    "SMB": b"\xffSMBr\0\0\0\0",
    "Chinese": "发送 /v1/responses HTTP/1.1".encode(),
}
BAD_FIELDS = {
    "no colon": b"nonsense",
    "no name": b": x",
    "blank in the name": b"x y: 1",
    "blank before the colon": b"x : 1",
    "NUL in the name": b"x\0: 1",
    "bytes in the name": b"x\xff\xfe: 1",
    "continued first": b" x: 1",
}
ODD_FIELDS: dict[str, tuple[str | bytes, ...]] = {
    "NUL in a value": (b"x: a\0b",),
    "bytes in a value": (b"x: \xff\xfe\x80",),
    "line feed in a value": (b"x: a\nb: c",),
    "return in a value": (b"x: a\rb",),
    "continued": (b"x: a", b"  b"),
    "empty value": (b"x:",),
    "5,000 headers": tuple(f"x-{n}: {n}" for n in range(5000)),
    "one name 5,000 times": ("x: 1",) * 5000,
    "a value of 100 kB": ("x: " + "a" * 100_000,),
    "a name of 50 kB": ("x" * 50_000 + ": 1",),
    "authorization of bytes": (b"authorization: Bearer \xff\xfe\0",),
    "authorization of 100 kB": ("authorization: Bearer " + "a" * 100_000,),
    "authorization twice": ("authorization: Bearer a.b", "authorization: Bearer c.d"),
    "cookie of bytes": (b"cookie: \xff\x00",),
    "thread-id of bytes": (b"thread-id: \xff\x1b[31m\0",),
    "turn metadata that is no JSON": ("x-codex-turn-metadata: {{{{",),
    "turn metadata 100,000 deep": ("x-codex-turn-metadata: " + "[" * 100_000,),
    "expect": ("expect: a-miracle",),
    "te": ("te: trailers, deflate",),
    "connection": ("connection: close, upgrade, x",),
    "keep-alive": ("keep-alive: timeout=-1", "connection: keep-alive"),
    "h2c": ("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABk"),
    "websocket": ("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"),
    "range": ("range: bytes=0-9",),
    "if-match": ('if-match: "x"', "if-none-match: *"),
    "max-forwards": ("max-forwards: 0",),
    "forwarded": ("forwarded: for=unknown", "x-forwarded-host: evil.example", "via: 1.1 x"),
    "override of the method": ("x-http-method-override: DELETE",),
    "proxy-authorization": ("proxy-authorization: Basic eDp5",),
    "accept": ("accept: image/png", "accept-charset: utf-7", "accept-encoding: *;q=0"),
}
KINDS = (
    *("text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonx"),
    *("application/x-www-form-urlencoded", "\xff", "application/json, text/plain", "/"),
)
HOSTS: dict[str, tuple[str, ...]] = {
    "none": (),
    "empty": ("host:",),
    "two": ("host: 127.0.0.1", "host: localhost"),
    "blank": ("host: a b",),
    "port too large": ("host: 127.0.0.1:99999",),
    "bytes": ("host: \xff",),
    "path": ("host: 127.0.0.1/x",),
    "60 kB": ("host: " + "a" * 60_000,),
}

CASES = [
    *(case("paths", f"GET {p[:40]}", line(f"GET {p} HTTP/1.1"), fit=EITHER) for p in PATHS),
    *(case("paths", f"POST {p[:40]}", turned(p), fit=REFUSED) for p in PATHS if p != "/health"),
    *(case("paths", f"POST {p}", turned(p), fit=SERVED) for p in SERVED_TARGETS),
    *(
        case("methods", m[:20], line(f"{m} /v1/responses HTTP/1.1", JSON, body=BODY), fit=REFUSED)
        for m in METHODS
    ),
    case("methods", "post", turned("/v1/responses").replace(b"POST", b"post"), fit=EITHER),
    Case("request lines", "half a greeting of TLS", (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0.2, END), ()),
    Case("methods", "HEAD", (line("HEAD /v1/responses HTTP/1.1"),), (REFUSED,), "HEAD"),
    case("methods", "CONNECT to a port", line("CONNECT 127.0.0.1:443 HTTP/1.1"), fit=REFUSED),
    case("methods", "PRI of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", fit=REFUSED),
    *(case("targets", target, turned(target), fit=EITHER) for target in ABSOLUTE),
    *(case("targets", target, turned(target), fit=REFUSED) for target in BAD_TARGETS),
    *(
        case("request lines", name, head(JSON, LENGTH, line=text) + BODY, fit=REFUSED)
        for name, text in BAD_LINES.items()
    ),
    case("request lines", "blank lines first", b"\r\n\r\n" + GOOD, fit=EITHER),
    case("request lines", "HTTP/1.0", line("POST /v1/responses HTTP/1.0", JSON, body=BODY),
         fit=SERVED),
    case("request lines", "line feeds alone", GOOD.replace(b"\r\n", b"\n"), fit=EITHER),
    *(case("headers", n, post(BODY, field), fit=REFUSED) for n, field in BAD_FIELDS.items()),
    *(case("headers", n, post(BODY, *fields), fit=EITHER) for n, fields in ODD_FIELDS.items()),
    *(
        case("headers", f"content-type {kind}", head(f"content-type: {kind}", LENGTH) + BODY,
             fit=415)
        for kind in KINDS
    ),
    case("headers", "no content-type", head(LENGTH) + BODY, fit=SERVED),
    *(
        case("hosts", name, head(*fields, JSON, LENGTH, host=False) + BODY, fit=EITHER)
        for name, fields in HOSTS.items()
    ),
]  # fmt: skip
