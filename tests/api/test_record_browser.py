"""The record and the quarantine in a real Chromium, as a nurse uses them: with the keyboard, also on a phone."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from settings import Settings
from store import audit
from store.database import Database
from tests.api.browser import Browser, open_browser
from tests.api.clinic import NAME, Desk, Known, open_desk, result
from tests.api.served import WIDTH_OF_A_PHONE, driver, served
from tests.api.told import NOW, tell_all

__all__ = ["driver"]
SECRETS = (NAME, "P-1", "P-twice", "E11", "7.8", "1961", "小满", "mmol")


@dataclass(frozen=True, kw_only=True)
class Ward:
    """The browser of a nurse in a clinic whose patients have a record, with the engine away."""

    desk: Desk
    browser: Browser
    known: Known

    async def open(self, path: str, *, language: str = "zh-CN") -> None:
        """Go to a page of the clinic, in that language."""
        await self.browser.open(self.known.fill(path))
        if language == "en":
            await self.browser.tab_to("English")
            await self.browser.press("Enter")
            await self.browser.until("My tasks")


@pytest.fixture
async def ward(store: Database, settings: Settings, known: Known, driver: str) -> AsyncIterator[Ward]:
    """At the end the browser must not have complained, nor asked for an address that says anything of a person."""
    async with open_desk(store, settings, clock=lambda: NOW + timedelta(minutes=5)) as desk:
        tell_all(desk)
        async with _coming_in(desk, known, driver) as ward:
            yield ward


@asynccontextmanager
async def _coming_in(desk: Desk, known: Known, driver: str) -> AsyncGenerator[Ward]:
    await desk.post("/observations", [result(known.ids["patient-2"], "U-1", unit="bananas")])
    async with served(desk) as base, open_browser(driver, base) as browser:
        await browser.open("/")
        await browser.tab_to("选择")
        await browser.press("nurse-1", "Tab", "Enter")
        await browser.until("截至")
        yield Ward(desk=desk, browser=browser, known=known)
        assert not [one for one in await browser.complaints() if not one.startswith("network:")]
        asked = await browser.requested()
        assert not [address for address in asked for secret in SECRETS if secret in address]
        assert not [one for one in asked if not one.startswith((base, "data:"))]


async def test_a_nurse_reads_the_record_from_a_task(ward: Ward) -> None:
    """With the keyboard; what is outside its range is said in words, and everything has its source and time."""
    browser = ward.browser
    await ward.open("/tasks/{task-held}")
    await browser.tab_to("查看病历记录")
    await browser.press("Enter")
    page = await browser.until("检验与测量")
    assert await browser.path() == ward.known.fill("/patients/{patient-1}")
    for words in (
        "青霉素",
        "高风险",
        "皮疹",
        "2 型糖尿病",
        "二甲双胍片",
        "配药充足",
        "95 天中 86 天有药",
        "血糖",
        "7.8 mmol/L",
        "偏高 ↑",
        "危急偏低 ↓↓",
        "3.9–6.1",
        "住院",
        "病房",
        "已预约",
        "吸烟状况",
        "emr · ",
    ):
        assert words in page, words


async def test_a_nurse_parts_two_records(ward: Ward) -> None:
    """From the record of the survivor, after being told what that does."""
    browser = ward.browser
    await ward.open("/patients/{patient-again}")
    assert "以下是合并后的病历" in await browser.text()
    await browser.tab_to("撤销合并")
    await browser.press("Enter")
    await browser.tab_to("撤销合并: ")
    await browser.press("Enter")
    await browser.until("已撤销")
    (merge,) = (await ward.desk.get("/merges", patient=ward.known.ids["patient-twice"]))["items"]
    assert merge["undone_by"] == "nurse-1"
    assert (await ward.desk.get(f"/patients/{ward.known.ids['patient-again']}"))["merged_into"] is None


async def test_a_nurse_corrects_a_unit(ward: Ward) -> None:
    """Why it was not understood is said; released with the right unit it is on its way to the journey."""
    browser = ward.browser
    await ward.open("/quarantine")
    page = await browser.until("单位无法识别")
    assert "没有找到患者" in page
    await browser.run("document.querySelector('option[value=unknown-unit]').selected = true")
    await browser.tab_to("显示")
    await browser.press("Enter")
    await browser.tab_to("更正并放行")
    await browser.press("Enter")
    await browser.tab_to("单位")
    await browser.run("document.activeElement.value = ''")
    await browser.press("mmol/L")
    await browser.tab_to("确认放行")
    await browser.press("Enter")
    await browser.until("没有找到患者")
    (held,) = (await ward.desk.get("/quarantine", state="released"))["items"]
    assert (held["reason"], held["decided_by"]) == ("unknown-unit", "nurse-1")


async def test_a_nurse_names_the_patient_and_looks_again(ward: Ward) -> None:
    """By the number of the hospital; who that is, is shown before anything is released."""
    browser = ward.browser
    await ward.open("/quarantine?reason=unknown-patient")
    await browser.tab_to("更正并放行")
    await browser.press("Enter")
    await browser.tab_to("患者编号")
    await browser.press("P-2")
    await browser.tab_to("确认放行")
    await browser.press("Enter")
    page = await browser.until("请核对以下患者")
    assert NAME in page
    assert "1970-01-01" in page
    await browser.tab_to("确认放行")
    await browser.press("Enter")
    await browser.until("隔离区")
    (held,) = (await ward.desk.get("/quarantine", state="released"))["items"]
    kept = await ward.desk.get(f"/observations/{held['observation']}")
    assert (kept["patient"], kept["state"]) == (ward.known.ids["patient-2"], "accepted")
    with ward.desk.database.read() as session:
        assert [line.action for line in audit.list_(session, subject=held["id"])] == ["quarantine-released"]


async def test_a_nurse_discards(ward: Ward) -> None:
    """After being told that it is kept and not used."""
    browser = ward.browser
    await ward.open("/quarantine?reason=unknown-unit")
    await browser.tab_to("舍弃: ")
    await browser.press("Enter")
    await browser.tab_to("舍弃: ")
    await browser.press("Enter")
    await browser.until("没有找到患者")
    items = (await ward.desk.get("/quarantine", state="discarded", reason="unknown-unit"))["items"]
    assert [one["decided_by"] for one in items] == ["nurse-1"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["/patients/{patient-1}", "/patients/{patient-twice}", "/quarantine"])
async def test_a_phone_is_wide_enough(ward: Ward, path: str, language: str) -> None:
    """At 360 pixels, in both languages, with everything unfolded."""
    browser = ward.browser
    await browser.resize(WIDTH_OF_A_PHONE)
    await ward.open(path, language=language)
    await browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert await browser.run("return document.documentElement.scrollWidth") <= WIDTH_OF_A_PHONE
    boxes: list[dict[str, Any]] = await browser.run(
        "return [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')]"
        ".map(one => { const box = one.getBoundingClientRect();"
        " return {left: box.left, right: box.right, height: box.height}; })"
    )
    for box in boxes:
        assert box["left"] >= 0, box
        assert box["right"] <= WIDTH_OF_A_PHONE, box
        assert box["height"] >= 24, box
