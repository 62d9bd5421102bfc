"""An independent client as it is: what it can set is a URL, and its patience has an end."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from tests.journeys import sending
from tests.journeys.sending import Item

METERS, ROUNDS, BODY, AT_ONCE = 2500, 6, 500, 10
TWICE_SHARE = 0.01
COMES_AGAIN_AFTER_S = (1, 2)  # whatever Retry-After says


@dataclass
class Client:
    """Sends what it has, ten bodies at once; `acknowledged` holds the keys it was promised."""

    url: str
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    dropped: int = 0

    async def send(self, items: list[Item]) -> None:
        room = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(timeout=30) as client:
            bodies = [items[first : first + BODY] for first in range(0, len(items), BODY)]
            await asyncio.gather(*(self._send_body(client, room, body) for body in bodies))

    async def _send_body(
        self, client: httpx.AsyncClient, room: asyncio.Semaphore, body: list[Item]
    ) -> None:
        async with room:
            for pause_s in (0, *COMES_AGAIN_AFTER_S):
                await asyncio.sleep(pause_s)
                try:
                    answer = await client.post(self.url, json=body)
                except httpx.HTTPError:
                    continue
                if answer.status_code == 202:
                    self.acknowledged |= {(i["meterId"], i["timestamp"]) for i in body}
                    return
            self.dropped += 1


def item(number: int, at: datetime, seq: int) -> Item:
    return {
        "readingId": f"{number:08}-{seq}",
        "meterId": f"MTR-{number:08}",
        "userId": f"USR-{number:08}",
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "powerKw": round(1 + number % 700 / 100 + seq / 1000, 3),
        "energyKwh": 0.0089,
        "voltage": 231.4,
        "region": sending.TOWN,
        "seq": seq,
        "status": "OK",
        "metadata": {"mode": "normal", "baseLoad": 3.2},
    }


def one_round(at: datetime, seq: int) -> list[Item]:
    """Return a reading of every meter, some twice: mostly behind the original, or far from it."""
    chance = random.Random(seq)
    items = []
    for number in range(1, METERS + 1):
        made = item(number, at, seq)
        items.append(made)
        if chance.random() < TWICE_SHARE:
            items.insert(chance.choice((len(items), chance.randrange(len(items)))), made)
    return items
