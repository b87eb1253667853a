"""What sends logs here: ready to paste, with the address people see and a place for the key."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

# Stands where the key goes; the page puts a key there that was just issued.
KEY_PLACE = "YOUR_INGEST_KEY"
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipper:
    """One way to send; `templates/dashboard/send/<name>.txt` is the text to paste."""

    name: str
    title: str
    where: str
    is_elsewhere: bool = False


SHIPPERS = (
    Shipper(name="curl", title="curl", where="Paste it into a terminal."),
    Shipper(
        name="python",
        title="Python",
        where="Paste it at the start of your program; it needs nothing but the standard library.",
    ),
    Shipper(
        name="nginx",
        title="nginx",
        where="Vector follows the log files of nginx, as they are written by default.",
    ),
    Shipper(
        name="docker",
        title="Docker",
        where="Vector in a container reads what all other containers write.",
        is_elsewhere=True,
    ),
    Shipper(
        name="kubernetes",
        title="Kubernetes",
        where="Fluent Bit on every node reads what all pods write.",
        is_elsewhere=True,
    ),
    Shipper(name="systemd", title="systemd", where="Fluent Bit reads the journal of the machine."),
    Shipper(name="fluent_bit", title="Fluent Bit", where="Follows the files you name."),
    Shipper(name="vector", title="Vector", where="Follows the files you name."),
)


def snippets(request: HttpRequest) -> list[dict[str, object]]:
    """Every way to send, with the address this page was asked under."""
    host = request.get_host()
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    is_numbered = port.isdigit()
    place = {
        "url": f"{request.scheme}://{host}",
        "host": (name if is_numbered else host).strip("[]"),
        "port": port if is_numbered else ("443" if request.is_secure() else "80"),
        "tls": "on" if request.is_secure() else "off",
        "key": KEY_PLACE,
    }
    return [
        {
            "name": shipper.name,
            "title": shipper.title,
            "where": shipper.where,
            "is_elsewhere": shipper.is_elsewhere and place["host"] in _HERE,
            "text": render_to_string(f"dashboard/send/{shipper.name}.txt", place).strip(),
        }
        for shipper in SHIPPERS
    ]
