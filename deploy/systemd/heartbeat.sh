#!/bin/sh
# Refresh the nftables set `alive` while the gateway really answers through its proxy.
# A probe goes through the event loop and the decision (a marker host that the gateway
# answers itself), so a hung worker counts as dead. `add element` does not refresh a
# timeout that is running: add, delete, add in one transaction does.
INTERFACES="${INTERFACES:-lan0}"
PROXY="${PROXY:-http://127.0.0.1:8080}"
PROBE="${PROBE:-http://education.test.qinglang.invalid/}"
EVERY="${EVERY:-0.5}"
TIMEOUT="${TIMEOUT:-2s}"

while :; do
  if [ "$(curl -s -o /dev/null -m 1 -w '%{http_code}' -x "$PROXY" "$PROBE")" = 200 ]; then
    for interface in $INTERFACES; do
      element="inet qinglang alive { \"$interface\" timeout $TIMEOUT }"
      bare="inet qinglang alive { \"$interface\" }"
      printf 'add element %s\ndelete element %s\nadd element %s\n' "$element" "$bare" "$element"
    done | nft -f -
  fi
  sleep "$EVERY"
done
