import io

from workers.simulator import progress
from workers.simulator.tally import Answer, Tally


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def some() -> Tally:
    tally = Tally(readings=10)
    tally.take(Answer(10), latency_ms=1)
    return tally


class TestLines:
    def test_speak_every_ten_seconds(self, monkeypatch):
        clock = [0.0]
        monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
        log = io.StringIO()
        lines = progress.progress(total=None, stream=log)

        for second in range(25):
            clock[0] = second
            lines.show(some(), behind_s=0, trouble="")

        assert log.getvalue().count("\n") == 2
        assert log.getvalue().startswith("simulate: settled=10 accepted=10 ")

    def test_say_when_the_run_falls_behind_and_why(self, monkeypatch):
        monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
        log = io.StringIO()

        progress.progress(total=None, stream=log).show(some(), behind_s=7.2, trouble="HTTP 503")

        assert log.getvalue().endswith("behind_s=7 last trouble: HTTP 503\n")


class TestBar:
    def test_is_drawn_on_a_terminal_alone(self):
        screen = Terminal()
        bar = progress.progress(total=20, stream=screen)

        bar.show(some(), behind_s=0, trouble="")
        bar.close()

        assert "50%" in screen.getvalue()
        assert isinstance(progress.progress(total=20, stream=io.StringIO()), progress.Lines)
