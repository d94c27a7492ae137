docker rm -f catalog
docker run -d --name catalog --network shop -p "$PARAM_PORT:8080" "$IMAGE_CATALOG"
