"""Gaps between ledger and store: what differs, and what to do about it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from ingestion.models import LedgerGap
from logplatform.admin_figures import ago
from logplatform.admin_scope import ScopedAdmin, staff_user
from logplatform.kernel import clock

_COLOURS = {"open": "danger", "closed by itself": "success", "Accepted": "info", "Open": "danger"}


@admin.register(LedgerGap)
class LedgerGapAdmin(ScopedAdmin):
    """Minutes in which receipts and stored lines differ. Found by the check, never typed."""

    list_display = ("when", "app", "source", "differs", "is_state", "noticed")
    list_display_links = ("when",)
    list_filter = ("state", ("app", RelatedOnlyFieldListFilter))
    search_fields = ("source",)
    list_select_related = ("app",)
    list_per_page = 50
    when_empty = "No gap: receipts and stored lines agree."
    actions = ("accept_selected",)
    fields = (
        *("when", "app", "source", "differs", "booked", "found_lines", "requests", "is_state"),
        "what_to_do",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The check finds them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go with their receipts."""
        return False

    def buttons(self, object_id: str | None) -> dict[str, bool]:
        """Nothing to save."""
        return {
            "show_save": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }

    @action(description="Accept: take it off the alarm", permissions=["change"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[LedgerGap]) -> None:
        """Somebody has looked into it."""
        from ingestion.ledger.gaps import accept_gaps  # late: it loads the engine's client

        chosen = list(queryset)
        accepted = accept_gaps(queryset, clock.now())
        LogEntry.objects.log_actions(
            staff_user(request).pk, chosen, CHANGE, "Accepted: taken off the alarm."
        )
        messages.success(request, f"{accepted} accepted.")

    @display(description="minute (UTC)", ordering="minute")
    def when(self, gap: LedgerGap) -> str:
        """The minute of arrival."""
        return f"{gap.minute:%Y-%m-%d %H:%M}"

    @display(description="lines")
    def differs(self, gap: LedgerGap) -> str:
        """By how many lines of which kind."""
        words = {"lost": gap.lost, "doubled": gap.doubled, "without a receipt": gap.unbooked}
        return ", ".join(f"{lines} {kind}" for kind, lines in words.items() if lines) or "none"

    @display(description="state", ordering="state", label=_COLOURS)
    def is_state(self, gap: LedgerGap) -> str:
        """What became of it."""
        return str(gap.get_state_display())

    @display(description="found", ordering="found_at")
    def noticed(self, gap: LedgerGap) -> str:
        """When the check found it."""
        return ago(gap.found_at)

    @display(description="in the store")
    def found_lines(self, gap: LedgerGap) -> int:
        """Lines that are there."""
        return gap.found

    @display(description="what to do")
    def what_to_do(self, gap: LedgerGap) -> str:
        """Advice by kind."""
        return _advice(gap)

    @display(description="requests (the first 20)")
    def requests(self, gap: LedgerGap) -> str:
        """Receipts with what they say and what is there."""
        rows = [(_named(row["receipt"]), row["booked"], row["found"]) for row in gap.receipts]
        if not rows:
            return "Receipts of an earlier version do not name their lines."
        return format_html_join("", "<div>{}: {} booked, {} found</div>", rows)


def _advice(gap: LedgerGap) -> str:
    if gap.state != LedgerGap.State.OPEN:
        return "Nothing: it is off the alarm."
    if gap.lost:
        return (
            "Have the senders of these receipts send those bodies again, under a new "
            "Idempotency-Key; lines that are still there then come twice. Then tick the gap in "
            "the list and accept it."
        )
    return (
        "No line is missing; counts are too high. Look for who wrote past the platform. Then tick "
        "the gap in the list and accept it."
    )


def _named(receipt: str) -> str:
    if not receipt:
        return "no receipt"
    return format_html(
        '<a class="lp-link" href="{}">{}</a>',
        reverse("admin:ingestion_receipt", args=[receipt]),
        receipt,
    )
