"""The five-effect process as Celery tasks on Redis: `celery_peer.py <stub> <redis> <runs> <at once> <rounds>`.

Once as one task that makes five calls, and once as a chain of five tasks, each acknowledged when it is done.
"""
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedFunctionDecorator=false, reportUnknownArgumentType=false
# pyright: reportFunctionMemberAccess=false, reportUnknownParameterType=false, reportMissingParameterType=false
# It is not among our dependencies: see bench/beside.py.

import http.client
import json
import os
import resource
import sys
import threading
import time
from urllib.parse import urlsplit

from celery import Celery, chain

STUB, REDIS, RUNS, AT_ONCE, ROUNDS = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
app = Celery("bench", broker=REDIS, backend=REDIS)
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=4, task_ignore_result=False)
kept = threading.local()


def post(key: str, step: int) -> str:
    if not hasattr(kept, "connection"):
        kept.connection = http.client.HTTPConnection(urlsplit(STUB).netloc)
    body = json.dumps({"channel": "#bench", "text": f"Customer {key} {step}", "about": key})
    kept.connection.request("POST", "/x", body, {"Content-Type": "application/json"})
    return json.loads(kept.connection.getresponse().read())["id"]


@app.task(name="five")
def five(key: str) -> None:
    for step in range(5):
        post(key, step)


@app.task(name="step")
def step(key: str, number: int) -> None:
    post(key, number)


def one_round(shape: str) -> dict[str, float]:
    began = time.perf_counter()
    if shape == "task":
        results = [five.delay(f"celery-{n}") for n in range(RUNS)]
    else:
        results = [chain(*(step.si(f"celery-{n}", number) for number in range(5))).delay() for n in range(RUNS)]
    for result in results:
        result.get(timeout=600)
    return {"per_second": RUNS / (time.perf_counter() - began)}


def main() -> None:
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)  # its banner is talk
        app.worker_main(["worker", "--loglevel=CRITICAL", "--pool=threads", f"--concurrency={AT_ONCE}"])
        os._exit(0)
    try:
        told = {shape: [one_round(shape) for _ in range(ROUNDS + 1)][1:] for shape in ("task", "chain")}
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)
    # The worker's processor time, over all of its rounds, is told once; both shapes share it.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (used.ru_utime + used.ru_stime) * 1000 / (2 * RUNS * (ROUNDS + 1))
    for rounds in told.values():
        for each in rounds:
            each["cpu_ms_per_run"] = cpu
    sys.stdout.write(json.dumps(told) + "\n")


main()
