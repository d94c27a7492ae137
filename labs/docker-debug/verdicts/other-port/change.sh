docker rm -f catalog
docker run -d --name catalog --network shop -p "$PARAM_PORT:80" -e GREETING="$PARAM_GREETING" "$IMAGE_CATALOG"
