"""What hospitals send, good, odd and broken, and what comes of it."""

import pytest

from store.database import Database
from tests.api.fhir.speaking import Fhir
from tests.api.fhir.stories import Story, stories, tell

STORIES = stories()


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
async def test_a_story_ends_as_it_should(story: Story, fhir: Fhir, empty: Database) -> None:
    """Every step is answered and kept as its file says, and every answer is FHIR."""
    await tell(story, fhir, empty)


def test_there_are_stories_of_every_sort() -> None:
    """At least 25 stories, each with the rule that it shows."""
    assert len(STORIES) >= 25
    assert all(story.rule and story.steps for story in STORIES)
