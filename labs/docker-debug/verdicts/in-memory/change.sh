docker rm -f ledger
docker run -d --name ledger --network shop -e DATA_DIR= "$IMAGE_LEDGER"
until docker exec ledger curl -sf -X PUT -d "$PARAM_BALANCE" http://127.0.0.1:8080/kv/opening; do sleep 0.1; done
