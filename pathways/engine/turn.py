"""One turn in the making: the journey as it stands, and what was decided so far."""

from collections import deque
from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import AnyAction
from pathways.engine.context import Context, Facts
from pathways.engine.ids import activation_id, node_id
from pathways.engine.journey import Activation, ActivationKind, Effect, Journey, Node, Scalar, TrackState
from pathways.engine.readings import readings_of
from pathways.engine.reasons import Code, Reason
from pathways.language.definition import Track
from pathways.language.release import Release


class Turn:
    """Collects the actions and reasons of one turn; the journey in it is replaced, never changed."""

    def __init__(self, release: Release, journey: Journey, event: str, context: Context) -> None:
        self.release = release
        self.facts: Facts = context.facts
        self.now = max(context.now, journey.clock)
        self.event = event
        self.cause = event
        """What is being served: the event, or the due time that came in the same turn."""
        self.effects: deque[Effect] = deque(journey.pending)
        self.journey = replace(journey, clock=self.now, pending=(), readings=readings_of(journey))
        self.dates = journey.dates
        """What planned dates count from, as it was when they were last looked at."""
        self.actions: list[AnyAction] = []
        self.reasons: list[Reason] = []

    @property
    def zone(self) -> str:
        """The patient's zone."""
        return self.journey.patient.zone

    def track(self, name: str) -> Track:
        """A track of the pathway."""
        return self.release.pathway.tracks[name]

    def state(self, track: str) -> TrackState:
        """What the track remembers."""
        return self.journey.tracks.get(track, TrackState())

    def remember(self, track: str, state: TrackState) -> None:
        """Replaces what the track remembers."""
        self.journey = replace(self.journey, tracks={**self.journey.tracks, track: state})

    def put(self, activation: Activation) -> str:
        """Keeps the activation under its derived id."""
        key = activation_id(self.journey.id, activation.track, activation.kind, activation.occurrence)
        self.journey = replace(self.journey, activations={**self.journey.activations, key: activation})
        return key

    def activation(self, key: str) -> Activation:
        """An activation by its id."""
        return self.journey.activations[key]

    def node(self, key: str, path: str) -> Node:
        """A node of an activation."""
        return self.journey.activations[key].nodes[path]

    def put_node(self, key: str, path: str, node: Node) -> Node:
        """Keeps a node of an activation."""
        activation = self.activation(key)
        self.put(replace(activation, nodes={**activation.nodes, path: node}))
        return node

    def enter(self, key: str, path: str, kind: str, since: datetime) -> Node:
        """A node for a step that is entered now; `since` is what its clock counts from."""
        self.journey = replace(self.journey, order=self.journey.order + 1)
        return Node(kind=kind, order=self.journey.order, entered=self.now, since=since)

    def id_of(self, key: str, path: str, mark: str = "") -> str:
        """The id that a node has outside the engine; `mark` tells several messages of one step apart."""
        return node_id(self.journey.id, key, path + mark, self.activation(key).again.get(path, 0))

    def marked(self, key: str, path: str) -> str:
        """The path, marked with how often it was taken back and entered anew."""
        return path + "/~again" * self.activation(key).again.get(path, 0)

    def unused(self, track: str, kind: ActivationKind, occurrence: str) -> str:
        """The occurrence, marked where the very same one started before."""
        taken = {
            activation.occurrence
            for activation in self.journey.activations.values()
            if activation.track == track and activation.kind == kind
        }
        while occurrence in taken:
            occurrence += "+"
        return occurrence

    def act(self, action: AnyAction) -> None:
        """Adds an action."""
        self.actions.append(action)

    def decide(
        self,
        code: Code,
        *,
        track: str | None = None,
        occurrence: str | None = None,
        step: str | None = None,
        values: dict[str, Scalar | None] | None = None,
    ) -> None:
        """Leaves a reason."""
        self.reasons.append(
            Reason(
                code=code,
                at=self.now,
                event=self.cause,
                track=track,
                occurrence=occurrence,
                step=step,
                values=values or {},
            )
        )

    def paused(self, track: str) -> bool:
        """Whether the pause holds the track: safety tracks run on."""
        return self.journey.status == "paused" and not self.track(track).safety
