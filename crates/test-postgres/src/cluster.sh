# Runs one PostgreSQL for as long as its owner holds the other end of our standard input:
# that is closed when the owner drops it, ends, or is killed, so no server outlives its owner.
#
# Prints `ready` when the server is. Then reads words, and prints `ready` when it has done what one says:
# `crash` ends the server as a power cut would, `start` starts it again. Reads from the environment: BIN (the
# server's programs), DIRECTORY (which has `settings`, and is removed at the end), PORT and ROLE.
set -eu
# An interrupt at the terminal is the owner's to end by.
trap '' HUP INT TERM
data=$DIRECTORY/data

# A linguistic collation, because production has one: code that leans on the order of bytes
# without saying so fails here and not there.
create() { "$BIN/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync --no-instructions "$@" >&2; }
create --locale-provider=icu --icu-locale=en-US --locale=C || { rm -rf "$data"; create --locale=C; }

start() { "$BIN/pg_ctl" -D "$data" -l "$DIRECTORY/log" -w -t 120 start >&2; }
crash() { "$BIN/pg_ctl" -D "$data" -m immediate stop >&2; }

cat "$DIRECTORY/settings" >>"$data/postgresql.conf"
start
trap 'crash || :; rm -rf "$DIRECTORY" 2>/dev/null || :' EXIT
"$BIN/psql" -XqAt -d "postgres://postgres@127.0.0.1:$PORT/postgres" -c "CREATE ROLE $ROLE LOGIN CREATEDB" >&2

echo ready
while read -r word; do
    case $word in
    crash) crash ;;
    start) start ;;
    *) exit 2 ;;
    esac
    echo ready
done
