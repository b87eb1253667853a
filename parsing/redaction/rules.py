"""The built-in rules: what a password, a token, a card number … looks like.

Patterns run in polars' linear-time engine, on the texts that a needle was found in only. Sources of
token shapes are the vendors' documentation of their secret prefixes.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from parsing.redaction.checks import address_in, card_in, iban_in
from parsing.redaction.contracts import Action, Rule, UnusablePattern

MAX_PATTERN = 500
# Before a word that announces a secret; not `/`, so that `/etc/passwd: not found` stays.
_START = r"(?:^|[^\w./-])[\w.-]*"
_IS = r"\s{0,2}(?:=>|=|:)\s{0,2}"
# Passwords in the open end at a blank, a quote, or what separates parameters.
_BARE = r"[^\s&\"'<>,;]"
_OPEN = rf"[{{\\]?[^\s&\"'<>,;\\{{]{_BARE}*"
_HAS_DIGIT = rf"[^\s&\"'<>,;0-9]{{0,80}}[0-9]{_BARE}{{5,}}"

_PASSWORD = r"(?i:passw(?:or)?d[0-9]?|passphrase)"
_TOKEN = (
    r"(?i:secret|token|(?:api|access|secret|private|auth|encryption)[_-]?key|credentials?"
    r"|authorization)"
)
_SCHEME = r"(?i:(?:basic|bearer|digest|token|apikey|negotiate)\s+)"
_KNOWN_TOKENS = (
    r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]{4,}){1,4}\.?",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{20,}",
    r"xox[abeoprs](?:\.[a-z]+)?-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{10,}",
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}",
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"ya29\.[0-9A-Za-z_-]{20,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{40,}",
    r"dop_v1_[a-f0-9]{64}",
    r"hf_[A-Za-z0-9]{30,}",
    r"hvs\.[A-Za-z0-9_-]{20,}",
    r"sk-[A-Za-z0-9_-]{20,}",
    r"lgs_[A-Za-z0-9]{4,12}_[A-Za-z0-9]{20,}",
)
# Words in mixed case are few, as each has many spellings; these are the spellings that occur.
_TOKEN_LITERALS = (
    "eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-", "xox", "xapp-",
    "_live_", "_test_", "whsec_", "AIza", "ya29.", "SG.", "npm_", "pypi-", "dop_v1_", "hf_",
    "hvs.", "sk-", "lgs_", "hooks.slack", "api_key", "api-key", "apikey", "apiKey", "ApiKey",
    "API_KEY", "API-KEY", "APIKEY", "Api-Key", "Api_Key", "access_key", "access-key",
    "accesskey", "accessKey", "AccessKey", "ACCESS_KEY", "ACCESS-KEY", "Access-Key",
    "private_key", "private-key", "privatekey", "privateKey", "PrivateKey", "PRIVATE_KEY",
    "auth_key", "auth-key", "authkey", "authKey", "AuthKey", "AUTH_KEY", "encryption_key",
    "encryptionKey", "ENCRYPTION_KEY", "redential", "REDENTIAL", "uthorization", "UTHORIZATION",
)  # fmt: skip
_BOUNDED = r"(?P<_k>\b)(?P<_s>{})"


def _said(word: str) -> tuple[str, ...]:
    """`word = "secret"` and its like: quoted either way, quoted within quotes, bare."""
    announced = rf"{_START}{word}\\*[\"']?{_IS}{_SCHEME}?"
    return (
        rf'(?P<_k>{announced}"{_SCHEME}?)(?P<_s>(?:[^"\\]|\\.)+)',
        rf'(?P<_k>{announced}\\+"{_SCHEME}?)(?P<_s>(?:[^"\\]|\\+[^"\\])+)',
        rf"(?P<_k>{announced}'{_SCHEME}?)(?P<_s>(?:[^'\\]|\\.)+)",
        rf"(?P<_k>(?:^|\s)--?{word}\s+)(?P<_s>[^\s-]\S*)",
    )


RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            name="private_key",
            action="mask",
            literals=("-----BEGIN",),
            patterns=(
                r"(?P<_s>-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
                r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z))",
            ),
        ),
        Rule(
            name="password",
            action="mask",
            words=("passw",),
            literals=("phrase", "Phrase", "PHRASE", "pwd", "Pwd", "PWD"),
            shapes=(r"://[^\s/\"'<>]*@",),
            keys=r"(?i)(?:passw(?:or)?d[0-9]?|passphrase|(?:^|[._-])(?:pwd|pass))$",
            patterns=(
                r"(?P<_k>\b[A-Za-z][\w+.-]*://[^\s/:@\"'<>]*:)(?P<_s>[^\s/\"'<>]+)(?P<_t>@)",
                *_said(_PASSWORD),
                rf"(?P<_k>{_START}{_PASSWORD}\\*[\"']?{_IS})(?P<_s>{_OPEN})",
                rf"(?P<_k>(?:^|[^\w./-])(?i:pwd){_IS})(?P<_s>[^\s/\"'&;,<>]{_BARE}*)",
            ),
        ),
        Rule(
            name="token",
            action="mask",
            words=("secret", "token", "bearer", "cookie"),
            literals=_TOKEN_LITERALS,
            keys=(
                r"(?i)(?:secret|token|(?:api|access|secret|private|auth|encryption)[._-]?key"
                r"|credentials?|authorization|(?:^|[._-])(?:set[._-])?cookie2?)$"
            ),
            patterns=(
                _BOUNDED.format("|".join(_KNOWN_TOKENS)),
                r"(?P<_k>hooks\.slack\.com/(?:services|workflows)/)(?P<_s>[\w/-]{10,})",
                *_said(_TOKEN),
                rf"(?P<_k>{_START}{_TOKEN}\\*[\"']?{_IS}{_SCHEME})(?P<_s>{_BARE}{{4,}})",
                rf"(?P<_k>{_START}{_TOKEN}\\*[\"']?(?:\s{{0,2}}=>?\s{{0,2}}|:))(?P<_s>{_OPEN})",
                rf"(?P<_k>{_START}{_TOKEN}\s{{0,2}}:\s{{1,2}})(?P<_s>{_HAS_DIGIT})",
                rf"(?P<_k>\b(?i:bearer)\s+)(?P<_s>{_HAS_DIGIT})",
                rf"(?P<_k>{_START}(?i:(?:set-)?cookie2?)\\*[\"']?{_IS}\\*[\"']?)"
                r"(?P<_s>[^\s=;\"'\\]+=[^\r\n\"'\\]+)",
            ),
        ),
        Rule(
            name="email",
            action="mask",
            literals=("@",),
            patterns=(
                r"(?P<_s>[\p{L}\p{N}._%+'-]*[\p{L}\p{N}_%+-]"
                r"@[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?"
                r"(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+)",
            ),
        ),
        Rule(
            name="iban",
            action="mask",
            shapes=(r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}",),
            check=iban_in,
            spares_ids=True,
            patterns=(r"(?P<_k>\b)(?P<_s>[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,29})",),
        ),
        Rule(
            name="card",
            action="mask",
            shapes=(r"[0-9]{4}[ -]?[0-9]{2}",),
            check=card_in,
            spares_ids=True,
            patterns=(
                r"(?P<_s>[\w.-]*[0-9]{14}[\w.-]*"
                r"|[\w.-]*[2-6][0-9]{3}[ -](?:[0-9]{4}[ -][0-9]{4}|[0-9]{6})[ -][0-9][\w.-]*"
                r"(?: [0-9]{1,3}\b)?)",
            ),
        ),
        Rule(
            name="ip",
            action="mask",
            shapes=(r"[0-9]\.[0-9]", "[0-9A-Fa-f:]:[0-9A-Fa-f:]"),
            check=address_in,
            patterns=(
                r"(?P<_s>(?:[0-9A-Fa-f]*:){2,}[0-9A-Fa-f:.]*(?:%[\w.-]+)?)",
                r"(?P<_k>(?:^|[^\w.]))(?P<_s>[0-9]{1,3}(?:\.[0-9]{1,3}){3})\b",
            ),
        ),
    )
}
DEFAULT_ACTIONS: Mapping[str, Action] = {
    "password": "mask",
    "token": "mask",
    "private_key": "mask",
}


def built_in_rule(name: str, action: Action) -> Rule:
    """A built-in rule with another action."""
    return replace(RULES[name], action=action)


def own_rule(name: str, pattern: str, action: Action) -> Rule:
    """A rule out of a person's pattern.

    Raises:
        UnusablePattern: it does not compile, is too long, or matches an empty text.
    """
    if len(pattern) > MAX_PATTERN:
        raise UnusablePattern(problem=f"it is longer than {MAX_PATTERN} characters")
    if "(?P<_" in pattern or "(?<_" in pattern:
        raise UnusablePattern(problem="names of groups must not begin with _")
    try:
        found = pl.Series(["", "a b1", "[x]"]).str.extract_all(pattern)
        pl.Series([""]).str.contains(f"(?P<_s>{pattern})")
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise UnusablePattern(problem=_first_line(error)) from error
    if (found.explode() == "").any():
        raise UnusablePattern(problem="it matches the empty text, so it would match everywhere")
    return Rule(name=name, action=action, patterns=(f"(?P<_s>{pattern})",))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (told or lines or ["it does not compile"])[0][:200]
