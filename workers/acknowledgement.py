"""Acknowledging to a Redis that has gone away.

Kombu counts a message as held until Redis has taken its acknowledgement. Where Redis
dies between the end of a task and that moment, the message would be held for ever: the
worker, allowed to hold one, would never ask for another, and would not even notice that
its connection is gone. The message is therefore let go in any case. Redis may hand it
out once more; then there is nothing to claim.
"""

from celery.worker.request import Request as CeleryRequest
from kombu.transport.virtual import QoS


class Request(CeleryRequest):  # type: ignore[misc]
    """A message of the queue that is let go even if Redis cannot be told."""

    def acknowledge(self) -> None:
        """Tell Redis that it is done with."""
        super().acknowledge()
        self._let_go()

    def reject(self, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - Celery's signature
        """Tell Redis that it is not done with: a child of the pool has died."""
        super().reject(requeue)
        self._let_go()

    def _let_go(self) -> None:
        """Count it as acknowledged; does nothing where it is."""
        QoS.ack(self.message.channel.qos, self.message.delivery_tag)
