docker rm -f ledger
docker run -d --name ledger --network shop -u 0 -v ledger-data:/data --restart unless-stopped "$IMAGE_LEDGER"
