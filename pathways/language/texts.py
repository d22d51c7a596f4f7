"""What a person reads, in Chinese and in English."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Wording = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\S")]


class Text(BaseModel):
    """One text in both languages; neither may be empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: Wording
    en: Wording

    def in_(self, language: str) -> str:
        """The wording for a language tag: Chinese for `zh` and every kind of it (`zh-CN`), English for any other."""
        return self.zh if language.lower().startswith("zh") else self.en
