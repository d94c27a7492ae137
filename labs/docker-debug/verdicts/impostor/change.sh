docker rm -f catalog
docker run -d --name catalog --network shop -e GREETING="$PARAM_GREETING" -e ADDRESS=127.0.0.1 "$IMAGE_CATALOG"
docker run -d --name front --network shop -p "$PARAM_PORT:8080" -e GREETING="$PARAM_GREETING" "$IMAGE_CATALOG"
