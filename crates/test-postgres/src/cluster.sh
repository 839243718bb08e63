# Runs one PostgreSQL for as long as its owner holds the other end of our standard input:
# that is closed when the owner drops it, ends, or is killed, so no server outlives its owner.
#
# Prints `ready` when the server is. Reads from the environment: BIN (the server's programs),
# DIRECTORY (which has `settings`, and is removed at the end), PORT and ROLE.
set -eu
# An interrupt at the terminal is the owner's to end by.
trap '' HUP INT TERM
data=$DIRECTORY/data

# A linguistic collation, because production has one: code that leans on the order of bytes
# without saying so fails here and not there.
create() { "$BIN/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync --no-instructions "$@" >&2; }
create --locale-provider=icu --icu-locale=en-US --locale=C || { rm -rf "$data"; create --locale=C; }

cat "$DIRECTORY/settings" >>"$data/postgresql.conf"
"$BIN/pg_ctl" -D "$data" -l "$DIRECTORY/log" -w -t 120 start >&2
trap '"$BIN/pg_ctl" -D "$data" -m immediate stop >&2; rm -rf "$DIRECTORY" 2>/dev/null || :' EXIT
"$BIN/psql" -XqAt -d "postgres://postgres@127.0.0.1:$PORT/postgres" -c "CREATE ROLE $ROLE LOGIN CREATEDB" >&2

echo ready
read -r _ || :
