"""Celery entry points of storage."""

from celery import shared_task


@shared_task(
    name="storage.run_retention", ignore_result=True, soft_time_limit=3_300, time_limit=3_600
)
def run_retention() -> int:
    """Remove lines past their term; returns how many."""
    from storage.cleanup import clean_up

    run = clean_up()
    return run.lines if run else 0
