"""Runs one command and prints its wall and CPU seconds, its peak memory in MB and its status, as JSON.

A process of its own without imports: a child's peak of memory begins at its parent's.
"""

import os
import sys
import time

began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - began
cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1000
print(f'{{"wall": {wall:.4f}, "cpu": {cpu:.4f}, "peak": {peak:.1f}, "status": {os.waitstatus_to_exitcode(status)}}}')
