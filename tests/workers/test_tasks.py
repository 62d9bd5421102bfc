"""What is queued finds its task, wherever the task's file lies."""

import pkgutil
from pathlib import Path

from workers import celery, tasks


class TestTasks:
    def test_keep_their_names_when_their_files_move(self) -> None:
        celery.app.loader.import_default_modules()

        ours = {name for name in celery.app.tasks if name.startswith("workers.")}

        assert {name.rpartition(".")[0] for name in ours} == {"workers.tasks"}

    def test_are_all_loaded_with_the_package(self) -> None:
        files = {
            module.name for module in pkgutil.iter_modules([str(Path(tasks.__file__).parent)])
        }

        assert files == set(tasks.__all__)

    def test_stand_behind_whatever_beat_sends(self) -> None:
        celery.app.loader.import_default_modules()

        looks = celery.app.conf.beat_schedule.values()

        assert {look["task"] for look in looks} <= set(celery.app.tasks)
        assert {look["options"]["queue"] for look in looks} <= set(celery.QUEUES)
