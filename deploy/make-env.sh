#!/bin/sh
# Writes .env beside docker-compose.yml with fresh random secrets, readable by its owner only.
# Use: deploy/make-env.sh [PUBLIC_URL]        (default http://localhost:8000)
set -eu
cd "$(dirname "$0")/.."
file=${ENV_FILE:-.env}
url=${1:-http://localhost:8000}

if [ -e "$file" ]; then
    echo "$file exists and is left as it is. Remove it first if you want new secrets;" >&2
    echo "servers that already have data keep the passwords they were started with." >&2
    exit 1
fi

secret() {
    od -An -vtx1 -N32 /dev/urandom | tr -d ' \n'
}

umask 077
cat > "$file" <<END
# Secrets of this installation. Keep a copy where you keep passwords; never commit it.
PUBLIC_URL=$url
SECRET_KEY=$(secret)
POSTGRES_PASSWORD=$(secret)
VALKEY_PASSWORD=$(secret)
CLICKHOUSE_PASSWORD=$(secret)
END
echo "Wrote $file. Next: docker compose up -d --build"
