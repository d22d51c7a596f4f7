"""A real Chromium without a window, driven as the W3C WebDriver standard says."""

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

MISSING = "These tests need Chromium and its driver. Debian: apt-get install chromium chromium-driver"
WITHIN_SECONDS = 20.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " "}


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One window with a profile of its own; `base` is the address of the site."""

    base: str
    http: httpx.AsyncClient
    _requested: list[str] = field(default_factory=list[str])

    async def open(self, path: str) -> None:
        """Go to a page."""
        await self._post("/url", url=f"{self.base}{path}")

    async def resize(self, width: int, height: int = 800) -> None:
        """Look at the page as on a screen of that size, also narrower than a window can be."""
        await self._devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def press(self, *keys: str) -> None:
        """Press keys one after the other: `Tab`, `Enter`, `Space`, or what is typed."""
        for key in keys:
            # What is typed goes as one: a list forgets the letters before if the next one is late.
            strokes = [
                {"type": f"key{way}", "value": letter}
                for letter in ([_KEYS[key]] if key in _KEYS else key)
                for way in ("Down", "Up")
            ]
            await self._post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    async def tab_to(self, said: str) -> None:
        """Press Tab until what has the focus is called `said`."""
        passed: list[str] = []
        for _ in range(80):
            await self.press("Tab")
            passed.append(await self.focused())
            if said in passed[-1]:
                return
        raise AssertionError(f"{said!r} is not reached by Tab: {passed}")

    async def focused(self) -> str:
        """What a screen reader calls the element that has the focus."""
        for _ in range(20):
            element = (await self._get("/element/active"))[_ELEMENT]
            try:
                return await self._get(f"/element/{element}/computedlabel")
            except AssertionError:  # the page went away in between
                await asyncio.sleep(0.05)
        raise AssertionError("nothing keeps the focus")

    async def text(self, css: str = "body") -> str:
        """What can be read in the first element that the selector finds."""
        found = await self._post("/element", using="css selector", value=css)
        return await self._get(f"/element/{found[_ELEMENT]}/text")

    async def texts(self, css: str) -> list[str]:
        """What can be read in each element that the selector finds."""
        found = await self._post("/elements", using="css selector", value=css)
        return [await self._get(f"/element/{one[_ELEMENT]}/text") for one in found]

    async def until(self, said: str) -> str:
        """Wait until the page says it; the whole text."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while said not in (text := await self._body()):
            assert time.monotonic() < deadline, f"{said!r} is not on the page:\n{text}"
            await asyncio.sleep(0.05)
        return text

    async def run(self, script: str) -> Any:
        """The value of a script in the page."""
        return await self._post("/execute/sync", script=script, args=[])

    async def path(self) -> str:
        """The address in the bar, without the site's own."""
        return str(await self._get("/url")).removeprefix(self.base)

    async def complaints(self) -> list[str]:
        """What the browser told its console since it was asked last: refused by policy, not found, script errors."""
        return [f"{one['source']}: {one['message']}" for one in await self._post("/se/log", type="browser")]

    async def requested(self) -> list[str]:
        """Every address that the browser asked for."""
        for line in await self._post("/se/log", type="performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requested.append(message["params"]["request"]["url"])
        return self._requested

    async def picture(self) -> bytes:
        """The whole page as a PNG."""
        said = await self._devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(said["data"])

    async def _body(self) -> str:
        try:
            return await self.text()
        except AssertionError:  # between two pages there is none
            return ""

    async def _devtools(self, method: str, **parameters: Any) -> Any:
        return await self._post("/goog/cdp/execute", cmd=method, params=parameters)

    async def _get(self, path: str) -> Any:
        return _value(await self.http.get(path))

    async def _post(self, path: str, **body: Any) -> Any:
        return _value(await self.http.post(path, json=body))


@contextmanager
def running_driver() -> Generator[str]:
    """Run the program that drives browsers; its address."""
    program = shutil.which("chromedriver")
    if program is None or shutil.which("chromium") is None:
        pytest.fail(MISSING, pytrace=False)
    with subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = next(
                found[1] for line in process.stdout if (found := re.search(r"successfully on port (\d+)", line))
            )
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@asynccontextmanager
async def open_browser(driver: str, base: str, language: str = "zh-CN") -> AsyncGenerator[Browser]:
    """A browser of a person who reads the language."""
    arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--lang={language}"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium does not start for root otherwise
    options = {
        "binary": shutil.which("chromium"),
        "args": arguments,
        "prefs": {"intl.accept_languages": language},
    }
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    async with httpx.AsyncClient(base_url=driver, timeout=60, trust_env=False) as http:
        session = _value(await http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}))["sessionId"]
        http.base_url = f"{driver}/session/{session}"
        try:
            yield Browser(base=base, http=http)
        finally:
            # Without this the browser would go on after its driver.
            _value(await http.delete(f"{driver}/session/{session}"))


def _value(answer: httpx.Response) -> Any:
    said = answer.json()["value"]
    assert answer.is_success, said["message"].splitlines()[0]
    return said
