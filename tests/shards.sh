# Runs the tests in processes that share nothing: sh tests/shards.sh PROCESSES COMMAND...
# What they say comes one after the other; it fails where one of them does.
processes=$1
shift
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
for n in $(seq 0 $((processes - 1))); do
    (MODQUEUE_TESTS_SHARD=$n/$processes "$@" >"$said/$n" 2>&1; echo $? >"$said/$n.code") &
done
wait
for n in $(seq 0 $((processes - 1))); do
    cat "$said/$n"
done
# One that was killed has left no code.
passed=$(cat "$said"/*.code | grep -cx 0)
[ "$passed" -eq "$processes" ]
