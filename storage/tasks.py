"""Celery entry points of storage."""

from celery import shared_task

from logplatform.kernel import clock


@shared_task(
    name="storage.run_retention", ignore_result=True, soft_time_limit=3_300, time_limit=3_600
)
def run_retention() -> int:
    """Remove lines past their term; returns how many. Then see that the counts are right."""
    from storage.cleanup import clean_up
    from storage.rollups.upkeep import mark_differences

    run = clean_up()
    mark_differences(clock.now())
    return run.lines if run else 0


@shared_task(name="storage.recount", ignore_result=True, soft_time_limit=280, time_limit=300)
def recount() -> int:
    """Count days again whose counts are marked; returns how many are right now."""
    from storage.rollups.upkeep import recount_marked

    return recount_marked(clock.now())


@shared_task(name="storage.merge_counts", ignore_result=True, soft_time_limit=280, time_limit=300)
def merge_counts() -> int:
    """Merge the counts of days that are over; returns how many days."""
    from storage.rollups.merging import merge_days

    return merge_days(clock.now())
