"""`manage.py write_docs`: writes the generated pages of `docs/` again (`make docs`)."""

from typing import Any

from django.core.management.base import BaseCommand

from logplatform import generated_docs


class Command(BaseCommand):
    """Writes what changed and says so."""

    help = "Write docs/configuration.md, errors.md and formats.md from the code."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare each page with its file; write it if they differ."""
        generated_docs.FOLDER.mkdir(exist_ok=True)
        for name, text in generated_docs.pages().items():
            file = generated_docs.FOLDER / name
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
                self.stdout.write(f"Wrote docs/{name}.")
