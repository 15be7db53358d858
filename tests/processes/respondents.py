"""People with telephones on a bad line: they wait, lose patience, reload, and press twice."""

import asyncio
import html
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

DONE = "Your answers have arrived"
PATIENCE_SECONDS = 25.0
"""How long somebody looks at a white page before reloading."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


async def fetch(port: int, path: str, form: Mapping[str, str | list[str]] | None = None) -> Answer:
    """One request on a connection of its own. ConnectionError where the answer is not whole."""
    body = urlencode(form, doseq=True).encode() if form is not None else b""
    head = [
        f"{'GET' if form is None else 'POST'} {path} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Accept-Language: en",
        "Accept-Encoding: identity",
    ]
    if form is not None:
        head += [
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            "Origin: null",
        ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()
        raw = await reader.read(-1)
    finally:
        writer.transport.abort()
    top, blank, rest = raw.partition(b"\r\n\r\n")
    if not blank:
        raise ConnectionError("nothing came back")
    first, *lines = top.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _colon, value in (line.partition(":") for line in lines)
    }
    if len(rest) != int(headers.get("content-length", len(rest))):
        raise ConnectionError("a part of the page is missing")
    return Answer(int(first.split()[1]), headers, rest.decode())


@dataclass
class Person:
    """Somebody with a personal link who means `answers` and nothing else."""

    port: int
    token: str
    answers: dict[str, str]
    speed: float = 1
    seed: int = 0
    reload_share: float = 0.15
    double_share: float = 0.3
    happened: Counter[str] = field(default_factory=Counter)
    seconds: float = 0

    async def answer(self) -> None:
        """Until the page says thank you."""
        chance = random.Random(self.seed)
        await asyncio.sleep(chance.uniform(0, 5) / self.speed)
        clock = asyncio.get_running_loop().time
        start = clock()
        bare = f"/s/{self.token}"
        path = bare
        while True:
            page = await self._look(path)
            if page is None:
                path = bare
                continue
            assert page.status == 200, f"{path}: {page.status}\n{page.text[:2000]}"
            if DONE in page.text:
                break
            if chance.random() < self.reload_share:
                self.happened["reloads"] += 1
                continue
            if resume := re.search(r'<a class="btn btn--block" href="([^"]+)"', page.text):
                self.happened["resumes"] += 1
                path = html.unescape(resume[1])
                continue
            presses = 2 if chance.random() < self.double_share else 1
            self.happened["double submits"] += presses - 1
            path = await self._press(page, presses, chance) or bare
        self.seconds = clock() - start

    async def _look(self, path: str) -> Answer | None:
        """The page, or None when patience or the line ended."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS / self.speed):
                return await fetch(self.port, path)
        except TimeoutError:
            self.happened["timeouts"] += 1
        except (ConnectionError, asyncio.IncompleteReadError):
            self.happened["broken connections"] += 1
            await asyncio.sleep(1 / self.speed)
        return None

    async def _press(self, page: Answer, presses: int, chance: random.Random) -> str | None:
        """Send the form, perhaps twice; the address to go to, or None: nobody knows what came of
        it."""
        action = re.search(r'<form id="survey" method="post" action="([^"]+)"', page.text)
        assert action, page.text[:3000]
        form: dict[str, str | list[str]] = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(
                r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text
            )
        }
        shown = str(form[".shown"]).split()
        form |= {name: self.answers[name] for name in shown if name in self.answers}
        form[".go"] = "next"
        target = html.unescape(action[1])

        async def send(wait: float) -> Answer:
            await asyncio.sleep(wait)
            return await fetch(self.port, target, form)

        waits = [0.0, *(chance.uniform(0.05, 0.4) / self.speed for _ in range(presses - 1))]
        tasks = [asyncio.create_task(send(wait)) for wait in waits]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS / self.speed):
                # A browser shows what the last press brought.
                answer = await tasks[-1]
        except TimeoutError:
            self.happened["timeouts"] += 1
            return None
        except (ConnectionError, asyncio.IncompleteReadError):
            self.happened["broken connections"] += 1
            await asyncio.sleep(1 / self.speed)
            return None
        finally:
            # Some first presses go on in the background, some are given up: both happen.
            if chance.random() < 0.5:
                await asyncio.gather(*tasks[:-1], return_exceptions=True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert answer.status == 303, f"{target}: {answer.status}\n{answer.text[:2000]}"
        return answer.headers["location"]
