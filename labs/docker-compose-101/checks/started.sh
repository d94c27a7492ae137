# When the copy's web was started, how often again, and since when its store listens (null if it does not).
store=$(docker exec labctl-copy-store-1 curl -sS -m 5 -H "Accept: application/json" http://127.0.0.1:8080/ || true)
docker inspect labctl-copy-web-1 | jq --arg store "$store" '.[0] | {
  web: .State.StartedAt, restarts: .RestartCount, store: (try ($store | fromjson | .startedAt) catch null)
}'
