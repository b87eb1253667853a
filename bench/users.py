"""Makes query keys for as many users: `python -m bench.users NUMBER` prints them as JSON."""

import json
import sys

import django


def main() -> None:
    """Keys of the first source there is."""
    django.setup()
    from ingestion.models import ApiKey, Source

    source = Source.objects.order_by("pk").first()
    if source is None:
        raise SystemExit("there is no source to make keys for")
    names = (f"bench user {number}" for number in range(int(sys.argv[1])))
    keys = [ApiKey.issue(source=source, scopes=["query"], name=name)[1] for name in names]
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
