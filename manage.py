#!/usr/bin/env python
"""Runs the management commands: `python manage.py up` starts everything."""

import sys

from logplatform.env import EnvError, use_project_settings


def main() -> None:
    """Hand the command line to Django; an unusable environment ends with its sentence."""
    use_project_settings()
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
