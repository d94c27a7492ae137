docker rm -f ledger
docker run -d --name ledger --network shop -v /data "$IMAGE_LEDGER"
docker run --rm -u 0 --volumes-from ledger -v ledger-data:/old "$IMAGE_TOOLS" -c 'cp /old/opening /data/opening && chown -R 65532:65532 /data'
