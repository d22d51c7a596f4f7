"""Words by tier, the gravest first: which tier an answer in free text belongs to, and lexicons that cannot tell."""

import unicodedata
from collections.abc import Iterator, Mapping

from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.problems import Problem

NO_TIER = "none"
"""The tier of an answer in which no word was found."""

Tiers = Mapping[str, tuple[str, ...]]


def plain(text: str) -> str:
    """The text as it is compared: one form of each character, no capitals, and no spaces but between Latin words.

    People put spaces among Chinese characters where a line breaks, and full-width letters where they are typed.
    """
    words = unicodedata.normalize("NFKC", text).casefold().split()
    joined = ""
    for word in words:
        apart = joined and joined[-1].isascii() and word[0].isascii()
        joined += f" {word}" if apart else word
    return joined


def tier_of(tiers: Tiers, text: str) -> str:
    """The gravest tier one of whose words occurs in the text, else `none`."""
    answer = plain(text)
    return next((tier for tier, words in tiers.items() if any(plain(word) in answer for word in words)), NO_TIER)


def ambiguous_words(draft: Draft) -> Iterator[Problem]:
    """A problem for each word that says nothing, or that two tiers have."""
    for name, tiers in draft.pathway.lexicons.items():
        path: Path = ("pathway", "lexicons", name)
        if not tiers:
            yield draft.error(path, f"lexicon '{name}' has no tiers", "expected '{grave: [word]}'", key=True)
        owners: dict[str, str] = {}
        for tier, words in tiers.items():
            if tier == NO_TIER:
                what = f"'{NO_TIER}' is the tier of an answer without such a word"
                yield draft.error((*path, tier), what, "expected another name", key=True)
            if not words:
                yield draft.error((*path, tier), f"tier '{tier}' has no words", "expected at least one", key=True)
            for number, word in enumerate(words):
                owner = owners.setdefault(plain(word), tier)
                if not plain(word):
                    yield draft.error((*path, tier, number), "this word is empty", "expected a word to look for")
                elif owner != tier:
                    what = f"'{word}' stands in tier '{owner}' too"
                    yield draft.error((*path, tier, number), what, "expected each word in one tier")
