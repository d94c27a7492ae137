docker rm -f ledger
docker volume rm ledger-data
docker run --rm -u 0 -v ledger-data:/data "$IMAGE_TOOLS" -c 'chown 65532 /data'
docker run -d --name ledger --network shop -v ledger-data:/data --restart unless-stopped "$IMAGE_LEDGER"
