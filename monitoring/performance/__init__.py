"""How right an algorithm is, against reports, audits and feedback; never from its scores alone.

One statistic a file. What has no labels is drift, not performance: there is no estimate of
sensitivity without a truth here (`docs/watch/performance.md` says why).
"""
