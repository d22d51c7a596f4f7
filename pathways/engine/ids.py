"""Ids that are derived, never drawn: the same journey, track, occurrence and path always give the same id."""

from hashlib import blake2b


def derive(journey: str, *parts: str) -> str:
    """32 hexadecimal digits, keyed by the journey's own unguessable id; parts are kept apart by their lengths."""
    digest = blake2b(digest_size=16, key=journey.encode()[:64])
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def activation_id(journey: str, track: str, kind: str, occurrence: str) -> str:
    """The id of an activation."""
    return derive(journey, "activation", track, kind, occurrence)


def node_id(journey: str, activation: str, path: str, again: int = 0) -> str:
    """The id that a task, message, form, visit or call has outside the engine; `again` counts its earlier times."""
    return derive(journey, "node", activation, path, *["again"] * again)
