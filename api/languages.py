"""The language in which a person is answered: Chinese first, English where it is wanted more."""

from typing import Literal

from fastapi import Request

Language = Literal["zh-CN", "en"]


def language_of(request: Request) -> Language:
    """The better of our two languages for the request's `Accept-Language`."""
    return preferred(request.headers.get("accept-language", ""))


def preferred(accept: str) -> Language:
    """The first of our languages by weight; Chinese where neither is named."""
    best: tuple[float, Language] = (0.0, "zh-CN")
    for part in accept.split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        primary = tag.strip().lower().split("-")[0]
        if primary in ("zh", "en") and weight > best[0]:
            best = (weight, "zh-CN" if primary == "zh" else "en")
    return best[1]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
