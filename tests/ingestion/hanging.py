"""The Celery app of a worker whose parser may hang and never give the interpreter back."""

import ctypes

from celery.signals import worker_process_init

from logplatform.celery import app

__all__ = ["app"]


@worker_process_init.connect
def let_poison_hang(**_: object) -> None:
    """Like a native library that waits with the interpreter's lock: no thread goes on."""
    from ingestion import drain
    from ingestion.treatment import plans

    assemble = drain.assemble
    mutex = ctypes.create_string_buffer(128)  # one that nobody gives back

    def hang(entries, **options):
        if any(b"poison" in queued.entry.body for queued in entries):
            for _ in range(2):
                ctypes.PyDLL(None).pthread_mutex_lock(mutex)
        return assemble(entries, **options)

    drain.assemble = hang
    plans.treatment_of = lambda app, source: plans.default_treatment()
