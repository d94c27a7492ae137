docker rm -f thumbs
docker run -d --name thumbs --network shop --memory 48m "$IMAGE_THUMBS"
