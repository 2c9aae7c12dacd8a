"""Logs keep patients out; the queue is told ids, and its absence is said."""

import ast
import json
import threading
from pathlib import Path

import pytest

from core import logs
from core.domain.errors import UnavailableError
from core.queue import QUEUES, RUN_TASK, News, app, send
from core.sections import Logs
from tests.services.redis import Redis

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "router", "workers", "web", "monitoring", "varde", "models", "highdicom_out")


def test_a_patient_cannot_reach_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Logs(format="json"), "router")
    logs.logger().bind(study="s1").info("kept", job="j1", patient_name="Nordmann^Kari")
    line = capsys.readouterr().err
    assert "Nordmann" not in line
    told = json.loads(line)
    assert (told["study"], told["job"], told["program"]) == ("s1", "j1", "router")
    assert told["detail"] == "dropped keys: patient_name"


def test_what_the_programs_log_is_not_dropped() -> None:
    """Every keyword of every call of a logger is on the list: none is written in vain."""
    calls = {"bind", "debug", "info", "warning", "error", "exception"}
    logged = {
        (path.name, keyword.arg)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in calls
        for keyword in node.keywords
        if keyword.arg
    }
    assert ("commitment.py", "transaction") in logged
    assert {found for found in logged if found[1] not in logs.KNOWN_KEYS} == set()


def test_a_message_holds_the_jobs_id_and_nothing_else(redis_server: Redis) -> None:
    queue = app(redis_server.url)
    send(queue, "job1", queue="cpu", priority=6, limit_s=60)
    news = News(redis_server.url)
    assert news.lengths() == {"cpu": 1, "gpu": 0}
    raw = news._redis.lrange("cpu\x06\x166", 0, -1)
    assert isinstance(raw, list)
    message = json.loads(raw[0])
    assert message["headers"]["task"] == RUN_TASK
    assert message["headers"]["argsrepr"] == "['job1']"
    assert set(QUEUES) == {"cpu", "gpu"}


def test_an_absent_queue_is_said() -> None:
    with pytest.raises(UnavailableError, match="queue does not answer"):
        send(app("redis://127.0.0.1:1/0"), "job1", queue="cpu", priority=6, limit_s=60)
    news = News("redis://127.0.0.1:1/0")
    news.tell("nobody listens")
    assert not news.alive()
    assert news.lengths() == {}
    assert not news.lost_everything()


def test_an_empty_redis_is_noticed_once(redis_server: Redis) -> None:
    news = News(redis_server.url)
    assert [news.lost_everything(), news.lost_everything()] == [True, False]
    redis_server.kill()
    redis_server.start()
    assert News(redis_server.url).lost_everything()


def test_news_are_heard(redis_server: Redis) -> None:
    heard: list[str] = []
    stop, listening, told = threading.Event(), threading.Event(), threading.Event()

    def hear(word: str) -> None:
        heard.append(word)
        (listening if word == "listening" else told).set()

    news = News(redis_server.url)
    thread = threading.Thread(target=news.listen, args=(hear, stop))
    thread.start()
    assert listening.wait(10)
    while not told.wait(0.05):  # the subscription itself is not acknowledged to us
        News(redis_server.url).tell("result")
    stop.set()
    thread.join(10)
    assert "result" in heard
