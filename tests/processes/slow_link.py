"""A telephone line as bad as in the metro: a proxy that slows, delays and loses, without root.

What is simulated, for each connection and each direction:

* **rate**: bytes leave one after the other at `rate` bits per second;
* **delay**: half of the round trip passes before a byte arrives; opening costs one round trip;
* **loss**: bytes travel in segments of at most 1,400. Each is lost with probability `loss`. TCP
  hides that from programs, so what they see of it is a stall: the retransmission timeout (RFC
  6298: the round trip and four times its variation, at least 1 s; here 1.2 s), doubled for each
  further loss of the same segment. After `GIVE_UP` losses in a row the connection is reset.
* **torn**: on top, this share of connections is reset at a random moment of its life, also after
  the request arrived and before the answer does, as by a tunnel: nobody on the phone can know
  whether the answer counted.

`speed` makes all times shorter (and the rate higher) by the same factor, for a test of seconds.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

SEGMENT = 1_400
RETRANSMISSION_SECONDS = 1.2
GIVE_UP = 4


@dataclass
class Counts:
    """What happened on the line."""

    connections: int = 0
    segments: int = 0
    lost: int = 0
    resets: int = 0
    refused: int = 0


@dataclass
class SlowLink:
    """`async with SlowLink(port) as link:` listens on `link.port` and leads to `port`."""

    target: int
    rate: float = 50_000
    round_trip: float = 0.8
    loss: float = 0.1
    torn: float = 0.05
    speed: float = 1
    seed: int = 7
    port: int = 0
    counts: Counts = field(default_factory=Counts)

    async def __aenter__(self) -> "SlowLink":
        self._chance = random.Random(self.seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.counts.connections += 1
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.round_trip / self.speed)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self.counts.refused += 1
            writer.transport.abort()
            return
        ways = [
            asyncio.create_task(self._one_way(reader, there_writer)),
            asyncio.create_task(self._one_way(there_reader, writer)),
        ]
        # Somewhere in what one page takes on this line: about six round trips.
        life = self._chance.uniform(0, 6) * self.round_trip / self.speed
        torn = self._chance.random() < self.torn
        try:
            if torn:
                await asyncio.wait(ways, timeout=life)
            else:
                await asyncio.gather(*ways)
            if torn and not all(way.done() for way in ways):
                self.counts.resets += 1
                raise ConnectionResetError
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            there_writer.close()
            with contextlib.suppress(OSError):
                await there_writer.wait_closed()

    async def _one_way(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        free_at = clock()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                arrives, data = await on_the_way.get()
                await asyncio.sleep(max(arrives - clock(), 0))
                if not data:
                    if sink.can_write_eof():
                        sink.write_eof()
                    return
                sink.write(data)
                await sink.drain()

        delivery = asyncio.create_task(deliver())
        try:
            while True:
                data = await source.read(SEGMENT)
                stall = self._stall() if data else 0
                free_at = max(free_at, clock()) + len(data) * 8 / self.rate / self.speed + stall
                await on_the_way.put((free_at + self.round_trip / 2 / self.speed, data))
                if not data:
                    break
                # The sender may not run ahead of the line: its window is small.
                await asyncio.sleep(max(free_at - clock(), 0))
            await delivery
        finally:
            delivery.cancel()

    def _stall(self) -> float:
        """Seconds that losses of one segment cost. ConnectionResetError."""
        self.counts.segments += 1
        stall, wait = 0.0, RETRANSMISSION_SECONDS
        for _attempt in range(GIVE_UP):
            if self._chance.random() >= self.loss:
                return stall / self.speed
            self.counts.lost += 1
            stall, wait = stall + wait, wait * 2
        self.counts.resets += 1
        raise ConnectionResetError
