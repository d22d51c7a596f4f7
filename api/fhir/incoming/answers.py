"""QuestionnaireResponse: answers to a form, by the codes of its items."""

from collections.abc import Iterator, Sequence

from api.fhir.elements import Element
from api.fhir.told import Told
from pathways.engine.journey import Scalar
from pathways.language.texts import Text
from store.notices import AnswersNotice

FORM = "urn:tongxing:form:"
"""What stands before the name of a form in its canonical address."""
STATUSES = ("in-progress", "completed", "amended", "entered-in-error", "stopped")
_WHICH_FORM = Text(
    zh="应写明表单：urn:tongxing:form:<名称> 或以 Questionnaire/<名称> 结尾的地址。",
    en="Name the form: urn:tongxing:form:<name>, or an address that ends with Questionnaire/<name>.",
)
_ONE_ANSWER = Text(zh="每个项目只能有一个答案。", en="An item takes one answer.")
_TWICE = Text(zh="同一项目出现了两次。", en="An item stands there twice.")
_KIND = Text(zh="不支持这种类型的答案。", en="An answer of this type is not taken in.")


def translate(told: Told) -> Sequence[AnswersNotice]:
    """A version of the answers; none while somebody is still filling in the form."""
    resource, zone = told.resource, told.around.zone
    status = resource.code("status", STATUSES)
    if status in ("in-progress", "stopped"):
        return []
    at = resource.instant("authored", zone)
    if at is None:
        resource.require("authored")
    withdrawn = status == "entered-in-error"
    items: dict[str, Scalar] = {}
    for item in _items(resource):
        _answer(item, items)
    return [
        AnswersNotice(
            subject=told.subject("subject"),
            source_system=told.source.system,
            source_id=told.source.id,
            form=_form(resource),
            at=at,
            items={} if withdrawn else items,
            journey=_journey(told),
            withdrawn=withdrawn,
        )
    ]


def _form(resource: Element) -> str:
    canonical = (resource.word("questionnaire") or "").partition("|")[0]
    if canonical.startswith(FORM):
        name = canonical.removeprefix(FORM)
    else:
        kind, _, name = canonical.rpartition("/")
        name = name if kind.rpartition("/")[2] == "Questionnaire" else ""
    if not name:
        resource.refuse("questionnaire", _WHICH_FORM, code="required")
    return name


def _journey(told: Told) -> str | None:
    for reference in told.resource.many("basedOn"):
        if (id := told.id_in(reference.word("reference") or "", "CarePlan")) is not None:
            return id
    return None


def _items(resource: Element) -> Iterator[Element]:
    """Its items, those in groups and under answers too."""
    for item in resource.many("item"):
        yield item
        yield from _items(item)
        for answer in item.many("answer"):
            yield from _items(answer)


def _answer(item: Element, items: dict[str, Scalar]) -> None:
    answers = item.many("answer")
    if not answers:
        return
    if len(answers) > 1:
        item.refuse("answer", _ONE_ANSWER, code="processing")
    code = item.word("linkId")
    if code is None:
        item.require("linkId")
    if code in items:
        item.refuse("linkId", _TWICE, code="duplicate")
    items[code] = _scalar(answers[0])


def _scalar(answer: Element) -> Scalar:
    if (flag := answer.flag("valueBoolean")) is not None:
        return flag
    for name in ("valueDecimal", "valueInteger"):
        if (number := answer.number(name)) is not None:
            return number
    for name in ("valueString", "valueDate"):
        if (text := answer.prose(name)) is not None:
            return text
    coding, quantity = answer.one("valueCoding"), answer.one("valueQuantity")
    if coding is not None and (code := coding.word("code")) is not None:
        return code
    if quantity is not None and (number := quantity.number("value")) is not None:
        return number
    answer.refuse(None, _KIND, code="not-supported")
