"""The worklist in a real Chromium, as a nurse uses it: from a real engine and store to what is on the screen."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from store import tables
from tests.api.browser import Browser, open_browser
from tests.api.clinic import NAME, PHONE, Desk, person
from tests.api.served import WIDTH_OF_A_PHONE, driver, served

__all__ = ["driver"]
SECRETS = (NAME, PHONE, "P-1", "glucose", "2.8", "1961", "小满", "reached", "well")


@dataclass(frozen=True, kw_only=True)
class Ward:
    """A clinic with work to do, and the browser of a nurse in it."""

    desk: Desk
    browser: Browser
    tasks: dict[str, str]

    async def come_in(self, staff: str = "nurse-1") -> None:
        """Choose who one is, with the keyboard."""
        await self.browser.open("/")
        await self.browser.tab_to("选择")
        await self.browser.press(staff, "Tab", "Enter")
        await self.browser.until("截至")


@pytest.fixture
async def ward(live: Desk, driver: str) -> AsyncIterator[Ward]:
    """Two urgent tasks and two routine ones, one of them overdue; at the end the browser must not have complained."""
    tasks = await _work(live)
    async with served(live) as base, open_browser(driver, base) as browser:
        yield Ward(desk=live, browser=browser, tasks=tasks)
        assert not [one for one in await browser.complaints() if not one.startswith("network:")]
        asked = await browser.requested()
        assert f"{base}/" in asked
        assert not [address for address in asked for secret in SECRETS if secret in address]
        elsewhere = [one for one in asked if not one.startswith((base, "data:"))]
        assert not elsewhere


async def _work(desk: Desk) -> dict[str, str]:
    tasks: dict[str, str] = {}
    for number in ("1", "2", "3", "4"):
        patient = (await desk.post("/patients", person(f"P-{number}", name=f"{NAME}{number}")))["id"]
        journey = (await desk.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
        if number in ("1", "2"):
            await desk.post(f"/journeys/{journey}/events", {"name": "admitted"})
            page = await desk.until("/tasks", lambda said: said["items"], patient=patient)
            tasks[number] = page["items"][0]["id"]
        else:
            tasks[number] = (await desk.call_task(patient, f"R-{number}"))["id"]
    with desk.database.write() as session:
        late = session.get(tables.Task, tasks["2"])
        assert late is not None
        late.due = datetime(2026, 1, 5, tzinfo=UTC)
    return tasks


async def test_the_list_is_in_clinical_order_and_says_why(ward: Ward) -> None:
    """Urgent before overdue before the rest, the earlier due first; each with its cause, in words and with the unit."""
    await ward.come_in()
    rows = await ward.browser.texts("tbody tr")
    assert [next(number for number in "1234" if f"{NAME}{number}" in row) for row in rows] == ["3", "4", "2", "1"]
    for word in ("致电患者", "紧急", "低血糖", "血糖 2.8 mmol/L", "领取"):
        assert word in rows[0]
    assert "已超时" in rows[2]


async def test_a_nurse_needs_no_mouse(ward: Ward) -> None:
    """From the question who one is to a task that is done, with the keyboard alone."""
    browser, task = ward.browser, ward.tasks["3"]
    await ward.come_in()
    await browser.tab_to(f"领取: 致电患者, {NAME}3")
    await browser.press("Enter")
    await browser.until("处理中 · nurse-1")
    assert await browser.path() == f"/tasks/{task}"
    assert (await ward.desk.get(f"/tasks/{task}"))["holder"] == "nurse-1"
    await browser.tab_to("已联系到")
    await browser.press("Space")
    await browser.tab_to("目前情况")
    await browser.press("良")
    await browser.tab_to("复测值")
    await browser.press("4.4")
    await browser.tab_to("其他说明")
    await browser.press("已进食")
    await browser.tab_to("完成")
    await browser.press("Enter")
    await browser.until("截至")
    assert await browser.path() == "/"
    assert f"{NAME}3" not in await browser.text()
    shown = await ward.desk.get(f"/tasks/{task}")
    assert (shown["outcome"], shown["completed_by"]) == ("reached", "nurse-1")
    assert shown["report"] == {"answers": {"condition": "well", "sugar": None, "repeated": 4.4}, "note": "已进食"}


async def test_a_colleague_was_first(ward: Ward) -> None:
    """Whoever comes second is told in words, sees who it was, and what they wrote is still there."""
    browser, task = ward.browser, ward.tasks["3"]
    await ward.come_in()
    await browser.open(f"/tasks/{task}")
    await ward.desk.post(f"/tasks/{task}/complete", {"outcome": "unreachable"}, Tongxing_Actor="nurse-2")
    await browser.tab_to("已联系到")
    await browser.press("Space")
    await browser.tab_to("其他说明")
    await browser.press("她很好")
    await browser.tab_to("完成")
    await browser.press("Enter")
    said = await browser.until("没有成功：任务已经结束")
    assert "nurse-2" in said
    assert "她很好" in said
    assert (await ward.desk.get(f"/tasks/{task}"))["outcome"] == "unreachable"


async def test_a_colleague_has_taken_it(ward: Ward) -> None:
    """A list that is a minute old does not take a task out of another's hands."""
    await ward.come_in()
    await ward.desk.post(f"/tasks/{ward.tasks['4']}/claim", Tongxing_Actor="nurse-2")
    await ward.browser.tab_to(f"领取: 致电患者, {NAME}4")
    await ward.browser.press("Enter")
    await ward.browser.until("任务已由他人领取")
    assert (await ward.desk.get(f"/tasks/{ward.tasks['4']}"))["holder"] == "nurse-2"


async def test_the_language_changes_where_one_is(ward: Ward) -> None:
    """Chinese and English on every page, without losing the place."""
    browser = ward.browser
    await ward.come_in()
    for path, zh, en in (
        ("/", "我的任务", "My tasks"),
        (f"/tasks/{ward.tasks['3']}", "致电患者", "Call the patient"),
        ("/messages", "消息预览", "Messages"),
    ):
        await browser.open(path)
        for button, said, tag in (("English", en, "en"), ("中文", zh, "zh-CN")):
            await browser.tab_to(button)
            await browser.press("Enter")
            await browser.until(said)
            assert (await browser.path(), await browser.run("return document.documentElement.lang")) == (path, tag)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_phone_is_wide_enough(ward: Ward, language: str) -> None:
    """At 360 pixels nothing has to be looked for at the side, and all that can be pressed is large enough to hit."""
    browser = ward.browser
    await browser.resize(WIDTH_OF_A_PHONE)
    await ward.come_in()
    if language == "en":
        await browser.tab_to("English")
        await browser.press("Enter")
        await browser.until("My tasks")
    for path in ("/", f"/tasks/{ward.tasks['3']}", "/messages", "/docs", "/tasks/nothing"):
        await browser.open(path)
        assert await browser.run("return document.documentElement.scrollWidth") <= WIDTH_OF_A_PHONE, path
        boxes: list[dict[str, Any]] = await browser.run(
            "return [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')]"
            ".map(one => { const box = (one.closest('label') ?? one).getBoundingClientRect();"
            " return {left: box.left, right: box.right, height: box.height}; })"
        )
        for box in boxes:
            assert box["left"] >= 0, (path, box)
            assert box["right"] <= WIDTH_OF_A_PHONE, (path, box)
            assert box["height"] >= 24, (path, box)


async def test_a_page_that_is_not_there_says_so(ward: Ward) -> None:
    """In words, with the way back."""
    await ward.come_in()
    await ward.browser.open("/tasks/nothing")
    await ward.browser.until("找不到")
    await ward.browser.tab_to("返回任务列表")
    await ward.browser.press("Enter")
    await ward.browser.until("截至")


async def test_the_browser_would_complain(ward: Ward) -> None:
    """A style that the policy forbids is seen by the check at the end of each of these tests."""
    await ward.come_in()
    await ward.browser.run("document.body.innerHTML += '<p style=\"color: red\">x</p>'")
    (complaint,) = await ward.browser.complaints()
    assert complaint.startswith("security:")
    assert "Content Security Policy" in complaint
