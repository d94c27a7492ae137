docker rm -f catalog
docker run -d --name catalog -p "$PARAM_PORT:8080" -e GREETING="$PARAM_GREETING" "$IMAGE_CATALOG"
