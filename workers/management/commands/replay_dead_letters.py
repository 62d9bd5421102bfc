"""Lists or replays entries of the stream that could not be processed."""

from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workers.models import Shard
from workers.stream.dead_letter import DeadLetter, DeadLetters


class Command(BaseCommand):
    """Appends dead letters to their streams again, once what broke them is mended."""

    help = "Append entries that could not be processed to their streams again."

    def add_arguments(self, parser: CommandParser) -> None:
        """See `BaseCommand`."""
        parser.add_argument("--shard", type=int, help="only this shard")
        parser.add_argument("--id", help="only the dead letter with this id")
        parser.add_argument(
            "--list", action="store_true", help="say what is there, replay nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the dead letters of the shards asked for."""
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
        dead = DeadLetters(client)
        try:
            letters = [
                letter
                for shard in self._shards(options["shard"])
                for letter in dead.letters(shard)
                if options["id"] in (None, letter.id)
            ]
            for letter in letters:
                self._one(dead, letter, replay=not options["list"])
        except redis.RedisError as fault:
            message = f"the broker at REDIS_URL does not answer: {fault}"
            raise CommandError(message) from fault
        self.stdout.write(f"{len(letters)} dead letters")

    def _shards(self, asked: int | None) -> list[int]:
        known = list(Shard.objects.values_list("number", flat=True))
        if asked is None:
            return known
        if asked not in known:
            message = f"--shard {asked}: there are shards {known[0]} to {known[-1]}"
            raise CommandError(message)
        return [asked]

    def _one(self, dead: DeadLetters, letter: DeadLetter, *, replay: bool) -> None:
        done = "replayed" if replay and dead.replay(letter) else "kept"
        self.stdout.write(
            f"{done} {letter.id} of shard {letter.shard}, once {letter.origin},"
            f" {letter.size} bytes: {letter.reason}"
        )
