"""What private things look like in any text: keys, secrets behind a name, addresses, people.

Repetitions that may fail are bounded, or a megabyte of one letter would take hours.
"""

from __future__ import annotations

START = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"
"""Where a word begins: in a text that is JSON, behind an escaped line feed too."""

_NAME = r"(?i:[\w-]{0,40}(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key)[\w-]{0,40}+)"
_BARE = r"[^\s\"'\\,;&]"
_TELLING = (
    rf"(?={_BARE}{{6}})(?={_BARE}{{0,200}}\d)(?={_BARE}{{0,200}}[A-Za-z])"
    r"(?![=:>$<{(\[]|\w{1,20}://|[\w.]{1,100}[(\[{<])"
    r"(?!(?i:(?:u?int|float|bytes)\d+(?:_t|array)?\b))"
)
"""What a secret without quotes is where its place alone does not tell: of letters and digits.

Words, types, numbers, references and calls stay: prose and code are full of them.
"""
_LOOSELY = rf"(?i:(?<!tokens)(?<!tokenizer))[ \t]*(?:=|:=?)(?:[ \t]|\\t)*{_TELLING}"
_ASSIGNED = (
    rf"{_NAME}(?:\\*[\"']?\s*[:=]\s*\\*[\"'](?P<quoted>[^\"'\\\n]{{4,200}})"
    rf"|(?:=|{_LOOSELY})(?P<bare>{_BARE}{{4,}}))"
    rf"|(?<![\w-])--{_NAME}[ \t]+\\*[\"']?{_TELLING}(?P<option>{_BARE}{{4,}})"
    r"|(?<![\w-])(?:-u|--(?:proxy-)?user)[ \t=]+\\*[\"']?[\w.@+-]{1,64}:(?!//)"  # curl's
    rf"(?P<login_password>{_BARE}{{4,}})"
    r"|(?:(?i:authorization\W{1,8}(?:basic|token|api-?key)[ \t]+)"
    # by itself only before what can be base64, as "Basic" is a word too
    r"|\bBasic (?=[\w+/]{0,99}(?:\d|=|[a-z][A-Z]))(?=(?:[\w+/]{3}[\w+/=]){2,99}(?![\w+/=])))"
    r"(?P<credentials>[^\s\"',;\\]{4,})"
    r"|(?i:cookie:[ \t]*)(?P<cookie>[\w.-]{1,64}=[^\r\n\"'\\]{4,})"
)
VALUES = ("quoted", "bare", "option", "login_password", "credentials", "cookie")
"""The groups of `assigned`, one of which is the secret itself."""

SHAPES = {
    "secret": (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
        r"|(?i:bearer\s+)[^\s\"',;\\]{4,}"
        rf"|{START}eyJ[\w-]{{8,}}\.[\w-]{{8,}}(?:\.[\w-]*)?"  # a JSON web token
        rf"|{START}(?:sk|pk|rk)-[\w-]{{8,}}"
        r"|(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|hf_|npm_|pypi-)[\w-]{8,}"
        r"|(?:AKIA|ASIA)[0-9A-Z]{12,}|AIza[\w-]{20,}|ya29\.[\w-]{8,}"
        r"|[0-9a-fA-F]{32}\.[A-Za-z0-9]{8,}"  # a GLM key
        rf"|{START}(?:org|user|acct|account|proj|cus|team)[-_](?=[a-z]*[0-9A-Z])[A-Za-z0-9]{{10,}}"
    ),
    "assigned": _ASSIGNED,
    "repository": (
        r"(?:https?|ssh|git)://(?:[^\s/@\"']+@)?[\w.-]+(?::\d+)?/[\w./~-]+\.git\b"
        r"|https?://(?:[^\s/@\"']+@)?(?:www\.)?(?:github|gitlab|bitbucket|codeberg)\.\w+"
        r"/[\w.-]+/[\w.-]+"
        r"|[\w.+-]{1,64}@[\w.-]{1,99}:[\w.~-]{1,99}/[\w./~-]+"
    ),
    "login": r"(?<=://)[^\s/@\"']+(?=@)",
    "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
    "person": r"(?:(?<=/home/)|(?<=/Users/)|(?<=\\Users\\)|(?<=\\Users\\\\))[^/\s\"'<>:\\]+",
    "uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "hex": rf"{START}[0-9a-f]{{30,}}(?![0-9A-Za-z])",
    "host": r"\b[\w-]{1,63}\.(?:local|lan|internal|corp|intranet|home\.arpa)\b(?![/(.])",
    "address": rf"{START}(?!127\.|0\.0\.0\.0|192\.0\.2\.)\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b",
    "token": (
        r"(?<![\w+=-])(?=[\w+=-]{0,300}[a-z])(?=[\w+=-]{0,300}[A-Z])(?=[\w+=-]{0,300}\d)"
        r"[\w+=-]{32,}"
    ),
}
"""Shapes by label, the more telling ones first; `assigned` is a secret behind its name."""
