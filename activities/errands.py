"""What a journey has done outside of the store: a call to a hospital system, an enrolment on another pathway.

Each is an activity of its own, so a system that hangs never holds up a nurse's task. A call is `POST {url}/{name}` with
`{call, undoes?, patient: {id, identifiers}, arguments}` and its id as `Idempotency-Key`; the scalars of the JSON object
that answers it are its data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import httpx
from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from pathways.engine.actions import CallSystem, EnrolPatient
from pathways.engine.journey import Scalar
from pathways.errors import StoreUnavailable, TongxingError
from store import enrolments, journeys, patients
from store.database import Database
from store.facts import Policy

TIMEOUT = httpx.Timeout(20, connect=5)
AWAY = "hospital-away"
NO_SYSTEM = "no-hospital-system"
REFUSED = "hospital-refused"
MOST_DATA = 50
_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_JSON: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a journey."""

    journey: str
    action: CallSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """An enrolment that a journey asks for."""

    journey: str
    action: EnrolPatient


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it; `code` says why it failed, without health data."""

    outcome: Literal["answered", "failed"]
    data: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    code: str = ""


class ErrandActivities:
    """Calls of hospital systems and enrolments; `url` None is a site that has no system to call."""

    def __init__(self, database: Database, policy: Policy, *, url: str | None) -> None:
        self._database = database
        self._policy = policy
        self._http = None if url is None else httpx.Client(base_url=url, timeout=TIMEOUT)

    @activity.defn(name="call-hospital", no_thread_cancel_exception=True)
    def call(self, given: Call) -> Result:
        """Make the call; the same id again is the same call to the system.

        Raises:
            ApplicationError: `hospital-away` or `store-unavailable`, to be tried again.
        """
        if self._http is None:
            return Result(outcome="failed", code=NO_SYSTEM)
        action = given.action
        body = {"call": action.call, "patient": self._patient(given.journey), "arguments": dict(action.arguments)}
        if action.undoes is not None:
            body["undoes"] = action.undoes
        try:
            answer = self._http.post(f"/{action.name}", json=body, headers={"Idempotency-Key": action.call})
        except httpx.HTTPError:
            raise ApplicationError("The hospital system did not answer.", type=AWAY) from None
        if answer.is_success:
            return Result(outcome="answered", data=_data(answer))
        if answer.is_server_error or answer.status_code in _AGAIN:
            raise ApplicationError("The hospital system could not do it now.", type=AWAY)
        return Result(outcome="failed", code=REFUSED)

    def _patient(self, journey: str) -> dict[str, Any]:
        """How hospital systems know the patient: in the body, never in an address."""
        try:
            with self._database.read() as session:
                patient = journeys.read(session, journey).patient
                known = patients.identifiers_of(session, patient)
                return {
                    "id": patient,
                    "identifiers": [{"system": one.system, "value": one.value} for one in known],
                }
        except StoreUnavailable as away:
            raise ApplicationError(away.message, type=away.code) from None

    @activity.defn(name="enrol-patient", no_thread_cancel_exception=True)
    def enrol(self, given: Enrolment) -> Result:
        """Start the other journey, once an enrolment; what its pathway refuses is told with the code.

        Raises:
            ApplicationError: `store-unavailable`, to be tried again.
        """
        try:
            with self._database.write() as session:
                patient = journeys.read(session, given.journey).patient
                enrolments.carry_over(session, patient, given.action, policy=self._policy)
        except StoreUnavailable as away:
            raise ApplicationError(away.message, type=away.code) from None
        except TongxingError as refused:
            return Result(outcome="failed", code=refused.code)
        return Result(outcome="answered")


def _data(answer: httpx.Response) -> dict[str, Scalar]:
    """The scalars of the answer; an answer of another shape has no data."""
    try:
        document = _JSON.validate_json(answer.content)
    except ValidationError:
        return {}
    scalars = {name: value for name, value in document.items() if isinstance(value, str | int | float | bool)}
    return dict(list(scalars.items())[:MOST_DATA])
