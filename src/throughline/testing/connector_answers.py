"""The contract's part about answers: `judge` has a word for each, and the right one where all vendors agree."""

from throughline.core.connector import Absent, Answer, Expired, Fine, Refused, Throttled, Unwell
from throughline.testing.connector_hostile import answers
from throughline.testing.connector_subject import Broken, Subject

MEANINGS: tuple[tuple[tuple[int, ...], tuple[type, ...]], ...] = (
    ((400, 403, 409, 422), (Refused, Absent, Throttled, Unwell, Expired)),
    ((401,), (Expired,)),
    ((404,), (Absent, Refused)),
    ((429,), (Throttled,)),
    ((500, 502, 503, 504), (Unwell, Throttled)),
)


def judge_is_total(subject: Subject) -> None:
    """Whatever comes back, `judge` says what it means."""
    for answer in answers():
        try:
            verdict = subject.connector.judge(answer)
        except Exception as error:
            raise Broken(f"judge raised {error!r} for {answer!r:.300}") from error
        if not isinstance(verdict, (Fine, Throttled, Expired, Unwell, Refused, Absent)):  # pyright: ignore[reportUnnecessaryIsInstance] - an outside author may have no type checker
            raise Broken(f"judge said {verdict!r}, which is no verdict, for {answer!r:.300}")
        if isinstance(verdict, (Expired, Unwell, Refused, Absent)) and not verdict.why:
            raise Broken(f"judge gave no reason for {answer!r:.300}: a person will read it")


def judge_is_sensible(subject: Subject) -> None:
    """The statuses that mean the same everywhere are not mistaken, with a body or without."""
    for text in ("", "<html></html>"):
        for statuses, right in MEANINGS:
            for status in statuses:
                _refuse_misjudged(subject, status, text, right)


def _refuse_misjudged(subject: Subject, status: int, text: str, right: tuple[type, ...]) -> None:
    verdict = subject.connector.judge(Answer(status, {}, None, text))
    if not isinstance(verdict, right):
        named = " or ".join(each.__name__ for each in right)
        raise Broken(f"judge calls a bare {status} {verdict!r}: it is {named}")
    if isinstance(verdict, Unwell) and verdict.nothing_happened:
        raise Broken(f"judge says of a bare {status} that nothing happened: nobody said so, and it would be sent twice")
