docker rm -f catalog
docker run -d --name catalog --network shop -e GREETING="$PARAM_GREETING" "$IMAGE_CATALOG"
