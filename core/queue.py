"""The Celery app, its queues, and news between programs. A message holds ids, nothing else."""

import contextlib
import threading
from collections.abc import Callable
from typing import Final

import celery
import kombu
import redis

from core.domain.errors import UnavailableError

#: A queue for each kind of device; a manifest names one of them.
QUEUES: Final = ("cpu", "gpu")
RUN_TASK: Final = "varde.run"
NEWS: Final = "varde:news"  #: publish/subscribe channel: "something changed, look in the database"
MARKER: Final = "varde:marker"  #: a key that is gone when Redis has lost its data
VISIBILITY_TIMEOUT_S: Final = 4 * 3600  #: above the longest job: leases find lost jobs sooner
PRIORITY_STEPS: Final = [0, 3, 6, 9]


def app(url: str) -> celery.Celery:
    """A Celery app on the Redis at `url`; it stores no results and holds no job back."""
    made = celery.Celery("varde", broker=url)
    made.conf.update(
        task_queues=[kombu.Queue(name) for name in QUEUES],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "priority_steps": PRIORITY_STEPS,
            "socket_connect_timeout": 2,
            "socket_timeout": 30,
        },
        enable_utc=True,
    )
    return made


def send(
    queue_app: celery.Celery, job_id: str, *, queue: str, priority: int, limit_s: float
) -> None:
    """Tell a worker of a job. Raises `UnavailableError` where Redis does not take it."""
    try:
        queue_app.send_task(
            RUN_TASK,
            args=[job_id],
            queue=queue,
            priority=priority,
            soft_time_limit=limit_s,
            time_limit=limit_s + 30,
            retry=False,
        )
    except (kombu.exceptions.OperationalError, redis.RedisError, OSError) as error:
        message = f"the queue does not answer: {type(error).__name__}"
        raise UnavailableError(message) from error


class News:
    """Wake-ups between programs. Losing one costs a polling interval, never a job."""

    def __init__(self, url: str) -> None:
        """Connect lazily to the Redis at `url`; Celery's word for a Unix socket is known."""
        plain = url.replace("redis+socket://", "unix://", 1)
        self._redis = redis.Redis.from_url(plain, socket_connect_timeout=2, socket_timeout=5)

    def tell(self, word: str) -> None:
        """Publish one word; Redis being away is not an error here."""
        with contextlib.suppress(redis.RedisError, OSError):
            self._redis.publish(NEWS, word)

    def alive(self) -> bool:
        """Whether Redis answers."""
        with contextlib.suppress(redis.RedisError, OSError):
            return bool(self._redis.ping())
        return False

    def lengths(self) -> dict[str, int]:
        """Messages that wait in each queue, over all priorities; empty where Redis is away."""
        counted: dict[str, int] = {}
        with contextlib.suppress(redis.RedisError, OSError):
            for name in QUEUES:
                keys = [name, *(f"{name}\x06\x16{step}" for step in PRIORITY_STEPS[1:])]
                counted[name] = sum(int(self._redis.llen(key)) for key in keys)
        return counted

    def lost_everything(self) -> bool:
        """Whether Redis came back without its data; sets the marker for the next time."""
        try:
            return bool(self._redis.set(MARKER, "1", nx=True))
        except (redis.RedisError, OSError):
            return False

    def listen(self, hear: Callable[[str], None], stop: threading.Event) -> None:
        """Call `hear` for every word until `stop`; reconnects by itself."""
        while not stop.is_set():
            with contextlib.suppress(redis.RedisError, OSError), self._redis.pubsub() as channel:
                channel.subscribe(NEWS)
                hear("listening")
                while not stop.is_set():
                    message = channel.get_message(ignore_subscribe_messages=True, timeout=0.5)
                    if message:
                        hear(message["data"].decode())
            stop.wait(0.5)
