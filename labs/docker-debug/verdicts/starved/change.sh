docker rm -f thumbs
docker run -d --name thumbs --network shop --memory 48m -e MEMORY=8Mi --restart unless-stopped "$IMAGE_THUMBS"
