"""The people of a new installation can do what the shipped pathways ask for."""

from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from pathways.language.reading import read
from pathways.language.step import Notify, Task, branches
from store.library import built_in, pathway_files, pathway_folders


def _roles(steps: Any) -> set[str]:
    found: set[str] = set()
    for step in steps:
        if isinstance(step, Task):
            found.add(step.role)
        if isinstance(step, Notify):
            found.add(step.notify)
        for way in branches(step).values():
            found |= _roles(way)
    return found


def test_every_role_of_a_shipped_pathway_is_held() -> None:
    """Where nobody holds a role its work passes at once to the next rung, and nobody would learn why."""
    reader: Any = YAML(typ="safe", pure=True)
    seed = reader.load(files("store").joinpath("seed.yaml").read_text("utf-8"))
    held = {role for person in seed["staff"] for role in person["roles"]}
    departments = {department["id"] for department in seed["departments"]}
    assert {person["department"] for person in seed["staff"]} <= departments
    for folder in pathway_folders(built_in()):
        pathway = read(pathway_files(folder)).pathway
        asked = {pathway.owner} | {rung.to for ladder in pathway.ladders.values() for rung in ladder}
        asked |= {role for track in pathway.tracks.values() for role in _roles(track.steps)}
        assert asked <= held, folder.name
