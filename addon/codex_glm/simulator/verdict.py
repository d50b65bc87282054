"""What the judge says about a request."""

from dataclasses import dataclass

from codex_glm.simulator.error_codes import error_code


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong with a request.

    Attributes:
        code: GLM's error code.
        status: HTTP status GLM answers with.
        message: What GLM says.
        refuses: False if GLM would let the request pass: worth knowing, no error.
        empties_stream: A streamed request is answered with 200 and no output in place of the error.

    """

    code: str
    status: int
    message: str
    refuses: bool = True
    empties_stream: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.message}" if self.refuses else f"(passes) {self.message}"


@dataclass(frozen=True)
class Verdict:
    """All violations of one request, in the order in which GLM would find them."""

    violations: tuple[Violation, ...] = ()

    @property
    def refusal(self) -> Violation | None:
        """The violation GLM answers with, or None if the request is served."""
        return next((found for found in self.violations if found.refuses), None)


def refused(code: str, message: str = "", *, status: int = 0) -> Violation:
    """Build a refusing violation; status and message default to the documented ones."""
    known = error_code(code)
    return Violation(code, status or known.status, message or known.message)


def noticed(message: str) -> Violation:
    """Build a violation that GLM does not punish."""
    return Violation("", 200, message, refuses=False)
