docker rm -f thumbs
docker run -d --name thumbs --network shop --restart unless-stopped "$IMAGE_THUMBS"
