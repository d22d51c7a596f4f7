"""What a resource means is what is kept of it: nothing is lost, and nothing is made of what it does not say."""

from typing import Any

import pytest

from tests.api.fhir.speaking import Fhir, glucose, patient

_PRESSURE = ("8480-6", "8462-4")
_HL7 = "http://terminology.hl7.org/CodeSystem"


def _pressure(number: str, *values: float, **more: Any) -> dict[str, Any]:
    """A blood pressure, which has components."""
    told = glucose(number, **more)
    del told["valueQuantity"]
    parts = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        }
        for code, value in zip(_PRESSURE, values, strict=False)
    ]
    return told | {"code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}, "component": parts}


def _consent(number: str, *purposes: str, **more: Any) -> dict[str, Any]:
    """What a patient says to some purposes."""
    provision = {"type": "permit", "purpose": [{"system": f"{_HL7}/v3-ActReason", "code": one} for one in purposes]}
    return {
        "resourceType": "Consent",
        "identifier": [{"system": "urn:emr", "value": number}],
        "status": "active",
        "scope": {"coding": [{"system": f"{_HL7}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"identifier": {"system": "urn:his", "value": "P-1"}},
        "dateTime": "2026-01-05T08:00:00Z",
        "policyRule": {"text": "OPTIN"},
        "provision": provision,
    } | more


def _report(**more: Any) -> dict[str, Any]:
    """A report with two results inside, which have no names of their own."""
    inside = [glucose(value=value) | {"id": id} for id, value in (("a", 5.6), ("b", 9.9))]
    for one in inside:
        del one["identifier"]
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:lis", "value": "R-1"}],
        "status": "final",
        "code": {"text": "血糖"},
        "subject": {"identifier": {"system": "urn:his", "value": "P-1"}},
        "contained": inside,
        "result": [{"reference": "#a"}, {"reference": "#b"}],
    } | more


def _ordered(number: str = "M-1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "identifier": [{"system": "urn:emr", "value": number}],
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "二甲双胍"},
        "subject": {"identifier": {"system": "urn:his", "value": "P-1"}},
    } | more


async def _statuses(fhir: Fhir, report: dict[str, Any]) -> list[str]:
    return [(await fhir.get(f"/{one['reference']}"))["status"] for one in report["result"]]


async def test_a_report_in_error_takes_back_what_it_held(fhir: Fhir) -> None:
    """Also where it names its results no more."""
    await fhir.create(patient())
    made = await fhir.create(_report())
    bare = {name: value for name, value in _report(status="entered-in-error").items() if name not in _INSIDE}
    answer = await fhir.send("PUT", f"/DiagnosticReport/{made['id']}", bare)
    assert answer.status_code == 200
    assert await _statuses(fhir, made) == ["entered-in-error", "entered-in-error"]


_INSIDE = ("contained", "result")


@pytest.mark.parametrize(
    ("status", "then"), [("corrected", ["final", "entered-in-error"]), ("appended", ["final", "final"])]
)
async def test_what_a_report_has_inside_no_more_does_not_hold(status: str, then: list[str], fhir: Fhir) -> None:
    """A corrected report says all that holds; one that is appended to may say what is new alone."""
    await fhir.create(patient())
    made = await fhir.create(_report())
    less = _report(status=status)
    for name in _INSIDE:
        less[name] = less[name][:1]
    assert (await fhir.send("PUT", f"/DiagnosticReport/{made['id']}", less)).status_code == 200
    assert await _statuses(fhir, made) == then


async def test_a_report_may_name_a_measurement_of_several_parts(fhir: Fhir) -> None:
    """By the address that it has here; in error, it takes back all of them."""
    await fhir.create(patient())
    pressure = await fhir.create(_pressure("B-1", 120, 80))
    named = {"result": [{"reference": f"Observation/{pressure['id']}"}], "contained": []}
    told = {name: value for name, value in _report(**named).items() if value}
    made = await fhir.create(told)
    assert len(made["result"]) == 2
    assert (await fhir.send("POST", "/DiagnosticReport", told | {"status": "entered-in-error"})).status_code == 200
    taken_back = await fhir.get(f"/Observation/{pressure['id']}")
    assert (taken_back["status"], len(taken_back["component"])) == ("entered-in-error", 2)


async def test_a_measurement_takes_back_no_parts_but_its_own(fhir: Fhir) -> None:
    """The name of another one may begin with its name."""
    await fhir.create(patient())
    other = await fhir.create(_pressure("S-1#2", 120, 80))
    await fhir.create(_pressure("S-1", 130, 85))
    shown = await fhir.get(f"/Observation/{other['id']}")
    assert shown["identifier"] == [{"system": "urn:lis", "value": "S-1#2"}]
    assert [one["valueQuantity"]["value"] for one in shown["component"]] == [120, 80]
    changed = await fhir.send("PUT", f"/Observation/{other['id']}", _pressure("S-1#2", 125))
    assert changed.status_code == 200
    assert [one["valueQuantity"]["value"] for one in changed.json()["component"]] == [125]


async def test_a_value_that_is_left_out_beside_its_components_does_not_hold(fhir: Fhir) -> None:
    """As a component that is left out does not."""
    await fhir.create(patient())
    both = _pressure("B-2", 120, 80) | {"valueString": "正常"}
    made = await fhir.create(both)
    assert made["valueString"] == "正常"
    changed = await fhir.send("PUT", f"/Observation/{made['id']}", _pressure("B-2", 120, 80))
    assert changed.status_code == 200
    assert "valueString" not in changed.json()


async def test_a_corrected_range_is_shown(fhir: Fhir) -> None:
    """What is told around a value that stays is the latest."""
    await fhir.create(patient())

    def told(high: float, flag: str) -> dict[str, Any]:
        flagged = [{"coding": [{"system": f"{_HL7}/v3-ObservationInterpretation", "code": flag}]}]
        return glucose(referenceRange=[{"high": {"value": high}}], interpretation=flagged)

    made = await fhir.create(told(6.1, "N"))
    answer = await fhir.send("PUT", f"/Observation/{made['id']}", told(5.0, "H"))
    assert answer.json()["referenceRange"][0]["high"]["value"] == 5.0
    assert answer.json()["interpretation"][0]["coding"][0]["code"] == "H"
    again = (await fhir.send("PUT", f"/Observation/{made['id']}", glucose())).json()
    assert (again["meta"], "referenceRange" in again) == (made["meta"], True)


async def test_what_is_said_again_holds_since_then(fhir: Fhir) -> None:
    """What its source said in between, and comes late, is outdated."""
    await fhir.create(patient())
    await fhir.create(glucose(value=5.0, issued="2026-01-05T08:00:00Z"))
    await fhir.create(glucose(value=5.0, issued="2026-01-05T10:00:00Z"), status=200)
    late = await fhir.create(glucose(value=7.0, issued="2026-01-05T09:00:00Z"), status=200)
    assert (late["valueQuantity"]["value"], late["issued"]) == (5.0, "2026-01-05T10:00:00.000Z")


@pytest.mark.parametrize(
    ("ranges", "shown"),
    [
        ([{"low": {"value": 3.9}, "high": {"value": 6.1, "unit": "mmol/L"}}], (3.9, 6.1, None)),
        (
            [{"low": {"value": 70, "unit": "mg/dL"}, "high": {"value": 110, "code": "mg/dL"}}],
            (None, None, "70–110 mg/dL"),
        ),
        ([{"high": {"value": 110, "unit": "mg/dL"}, "text": "低于 110 mg/dL"}], (None, None, "低于 110 mg/dL")),
        (
            [
                {"type": {"coding": [{"code": "treatment"}]}, "high": {"value": 10}},
                {"type": {"coding": [{"code": "normal"}]}, "high": {"value": 6.1}},
            ],
            (None, 6.1, None),
        ),
        ([{"type": {"coding": [{"code": "treatment"}]}, "high": {"value": 10}}], (None, None, None)),
    ],
    ids=["of the value's unit", "of another unit", "in words", "what is normal", "what is aimed at"],
)
async def test_a_range_is_of_what_is_normal_in_the_unit_of_the_value(
    ranges: list[dict[str, Any]], shown: tuple[float | None, float | None, str | None], fhir: Fhir
) -> None:
    """A result is marked by its range, so that must be one that it can be compared with."""
    await fhir.create(patient())
    made = await fhir.create(glucose(referenceRange=ranges))
    found: dict[str, Any] = made.get("referenceRange", [{}])[0]
    assert (*(found.get(name, {}).get("value") for name in ("low", "high")), found.get("text")) == shown


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        (_ordered(doNotPerform=True), "MedicationRequest.doNotPerform"),
        (_ordered(intent="proposal"), "MedicationRequest.intent"),
        (glucose(focus=[{"display": "胎儿"}]), "Observation.focus"),
        (
            _consent("K-1", provision={"type": "permit", "provision": [{"type": "deny"}]}),
            "Consent.provision.provision",
        ),
        (
            _consent(
                "K-1", provision={"type": "permit", "period": {"end": "2020-01-01"}, "purpose": [{"code": "HMARKT"}]}
            ),
            "Consent.provision.period",
        ),
    ],
    ids=["not to be taken", "proposed", "of another one", "with an exception", "ends by itself"],
)
async def test_what_would_be_taken_for_something_else_is_refused(
    body: dict[str, Any], expression: str, fhir: Fhir
) -> None:
    """An element that turns the meaning round cannot be passed over."""
    await fhir.create(patient())
    answer = await fhir.send("POST", f"/{body['resourceType']}", body)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [expression])


async def test_what_abated_is_not_active(fhir: Fhir) -> None:
    """Whatever the words for when; a clinical status that is told comes first."""
    await fhir.create(patient())
    told = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}]},
        "subject": {"identifier": {"system": "urn:his", "value": "P-1"}},
    }
    over = await fhir.create(told | {"abatementString": "去年"})
    assert over["clinicalStatus"]["coding"][0]["code"] == "resolved"
    assert (await fhir.create(told))["clinicalStatus"]["coding"][0]["code"] == "active"


async def test_a_consent_holds_for_the_purposes_that_it_names(fhir: Fhir) -> None:
    """A purpose that a new version leaves out is refused from then on; an address is about one purpose."""
    who = await fhir.create(patient())

    async def said() -> dict[str, str]:
        found = await fhir.search("Consent", patient=who["id"], identifier="urn:emr|K#1")
        assert all(one["identifier"] == [{"system": "urn:emr", "value": "K#1"}] for one in found)
        return {one["provision"]["purpose"][0]["code"]: one["provision"]["type"] for one in found}

    made = await fhir.create(_consent("K#1", "TREAT", "HMARKT"))
    assert await said() == {"TREAT": "permit", "HMARKT": "permit"}
    later = {"dateTime": "2026-01-06T08:00:00Z"}
    no = _consent("K#1", "TREAT", **later)
    no["provision"]["type"] = "deny"
    answer = await fhir.send("PUT", f"/Consent/{made['id']}", no)
    assert (answer.status_code, answer.json()["provision"]["type"]) == (200, "deny")
    assert await said() == {"TREAT": "deny", "HMARKT": "permit"}
    await fhir.send("POST", "/Consent", _consent("K#1", "TREAT", dateTime="2026-01-07T08:00:00Z"))
    assert await said() == {"TREAT": "permit", "HMARKT": "deny"}
    other = await fhir.send("PUT", f"/Consent/{made['id']}", _consent("K#1", "HRESCH", **later))
    assert (other.status_code, other.json()["issue"][0]["expression"]) == (422, ["Consent.provision.purpose"])
    there = await fhir.send("POST", "/Consent", _consent("K#1", "HRESCH"), If_None_Exist="identifier=urn:emr|K%231")
    assert there.status_code == 200
    assert "HRESCH" not in await said()


async def test_a_consent_is_shown_whoever_said_another_at_that_moment(fhir: Fhir) -> None:
    """A system's yes to one purpose hides neither a person's word to another nor their no to the same."""
    who = await fhir.create(patient())
    await fhir.create(_consent("K-1", "TREAT"))
    at = "2026-01-05T08:00:00Z"
    recorded = {"consents": [{"purpose": one, "granted": False, "at": at} for one in ("marketing", "care")]}
    address = f"/api/v1/patients/{who['id']}/consents"
    answer = await fhir.desk.http.put(address, json=recorded, headers={"Tongxing-Actor": "nurse-1"})
    assert answer.status_code == 200
    found = await fhir.search("Consent", patient=who["id"])
    said = sorted((one["provision"]["purpose"][0]["code"], one["provision"]["type"]) for one in found)
    assert said == [("HMARKT", "deny"), ("TREAT", "deny"), ("TREAT", "permit")]


async def test_a_condition_that_says_nothing_finds_nobody(fhir: Fhir) -> None:
    """A conditional create never takes the one that happens to be here for the one that was sent."""
    await fhir.create(patient())
    for condition in ("_count=1", "_format=json"):
        answer = await fhir.send("POST", "/Patient", patient("P-2"), If_None_Exist=condition)
        assert answer.status_code == 400, condition


async def test_a_number_that_is_told_no_more_is_not_called(fhir: Fhir) -> None:
    """A Patient tells all telephones; a kind that it does not tell of stays."""
    mail = {"system": "email", "value": "a@example.org"}
    both = [{"system": "phone", "value": "1", "rank": 1}, {"system": "phone", "value": "2"}, mail]
    made = await fhir.create(patient(telecom=both))
    answer = await fhir.send("PUT", f"/Patient/{made['id']}", patient(telecom=both[1:2]))
    assert answer.json()["telecom"] == [both[1], mail]
    turned = [both[0] | {"rank": 2}, both[1] | {"rank": 1}]
    for _ in range(2):
        answer = await fhir.send("PUT", f"/Patient/{made['id']}", patient(telecom=turned))
        assert [one["value"] for one in answer.json()["telecom"]] == ["2", "1", "a@example.org"]


async def test_a_relative_reference_is_of_the_server_that_its_entry_comes_from(fhir: Fhir) -> None:
    """A patient here who has the same id is another one."""
    here = await fhir.create(patient("P-1"))
    away = "http://other.example/fhir/"
    results = [glucose("O-9", subject={"reference": f"Patient/{here['id']}"})]
    entries = [(f"{away}Patient/{here['id']}", patient("P-2", name=[{"text": "另一人"}]))]
    entries += [(f"{away}Observation/{number}", one) for number, one in enumerate(results)]
    answer = await fhir.send("POST", "", _transaction(*entries))
    assert answer.status_code == 200
    made = answer.json()["entry"][0]["response"]["location"]
    (found,) = await fhir.search("Observation", identifier="urn:lis|O-9")
    assert found["subject"]["reference"] == made != f"Patient/{here['id']}"


def _transaction(*entries: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    told = [
        {"fullUrl": url, "request": {"method": "POST", "url": one["resourceType"]}, "resource": one}
        for url, one in entries
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": told}


async def test_a_transaction_changes_a_resource_once(fhir: Fhir) -> None:
    """Which of two versions holds, nobody could tell."""
    await fhir.create(patient())
    made = await fhir.create(glucose(value=5.0))
    address = {"method": "PUT", "url": f"Observation/{made['id']}"}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": address, "resource": glucose(value=value)} for value in (5.1, 5.2)],
    }
    answer = await fhir.send("POST", "", bundle)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "duplicate")
    assert (await fhir.get(f"/Observation/{made['id']}"))["valueQuantity"]["value"] == 5.0


async def test_an_address_and_an_identifier_of_two_people_are_for_a_person(fhir: Fhir) -> None:
    """Nobody is given the name and the birth of somebody else."""
    lin = await fhir.create(patient())
    other = patient("P-2", name=[{"text": "王芳"}], birthDate="1950-01-01")
    await fhir.create(other)
    answer = await fhir.send("PUT", f"/Patient/{lin['id']}", other)
    assert answer.status_code == 202
    assert await fhir.get(f"/Patient/{lin['id']}") == lin


async def test_a_record_that_was_merged_does_not_say_who_the_person_is(fhir: Fhir) -> None:
    """Whether the merge is told again or the retired record alone; a death counts."""
    old = await fhir.create(patient())
    kept = await fhir.create(patient("P-2", name=[{"text": "王芳"}], birthDate="1950-01-01"))
    link = [{"type": "replaced-by", "other": {"reference": f"Patient/{kept['id']}"}}]
    for _ in range(2):
        await fhir.send("PUT", f"/Patient/{old['id']}", patient(link=link))
    await fhir.send("POST", "/Patient", patient(link=link))
    dead = patient(deceasedDateTime="2026-01-06T08:00:00Z")
    assert (await fhir.send("PUT", f"/Patient/{old['id']}", dead)).status_code == 200
    shown = await fhir.get(f"/Patient/{kept['id']}")
    assert (shown["name"][0]["text"], shown["birthDate"]) == ("王芳", "1950-01-01")
    assert shown["deceasedDateTime"] == "2026-01-06T08:00:00.000Z"


async def test_a_report_names_no_results_of_another_patient(fhir: Fhir) -> None:
    """Nor does it take them back."""
    await fhir.create(patient())
    await fhir.create(patient("P-2", name=[{"text": "王芳"}]))
    of_the_other = await fhir.create(glucose(of="P-2"))
    told = _report(status="entered-in-error", result=[{"reference": f"Observation/{of_the_other['id']}"}])
    del told["contained"]
    answer = await fhir.send("POST", "/DiagnosticReport", told)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (
        422,
        ["DiagnosticReport.result[0].reference"],
    )
    assert (await fhir.get(f"/Observation/{of_the_other['id']}"))["status"] == "final"


async def test_a_consent_of_a_time_to_come_does_not_outlive_what_is_said_then(fhir: Fhir) -> None:
    """A mistaken year is no yes for ever."""
    who = await fhir.create(patient())
    await fhir.create(_consent("K-1", "HMARKT", dateTime="2130-01-05T08:00:00Z"))
    address = f"/api/v1/patients/{who['id']}/consents"
    no = {"consents": [{"purpose": "marketing", "granted": False}]}
    said = (await fhir.desk.http.put(address, json=no, headers={"Tongxing-Actor": "nurse-1"})).json()["consents"]
    assert [one["granted"] for one in said] == [False, True]
    assert len(await fhir.search("Consent", patient=who["id"])) == 2


async def test_of_the_codes_of_a_condition_that_of_the_icd_counts(fhir: Fhir) -> None:
    """Pathways enrol by it, wherever it stands."""
    who = await fhir.create(patient())
    systems = (("http://snomed.info/sct", "44054006"), ("http://hl7.org/fhir/sid/icd-10", "E11.9"))
    told = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": system, "code": code} for system, code in systems]},
        "subject": {"reference": f"Patient/{who['id']}"},
    }
    made = await fhir.create(told)
    assert made["code"]["coding"][0]["code"] == "E11.9"
    assert (await fhir.desk.get(f"/patients/{who['id']}"))["diagnoses"] == ["E11.9"]
