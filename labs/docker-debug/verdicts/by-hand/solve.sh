docker rm -f catalog
docker run -d --name catalog --network shop -p "$PARAM_PORT:8080" -e GREETING="$PARAM_GREETING" --restart unless-stopped "$IMAGE_CATALOG"

docker stop -t 0 thumbs
docker update --memory 160m --memory-swap 160m thumbs
docker start thumbs

docker run --rm -u 0 -v ledger-data:/data "$IMAGE_TOOLS" -c 'chown -R 65532:65532 /data'
