set -e
docker rm -f tracker
docker run -d --name tracker --network depot -e REQUIRED= $IMAGE_TRACKER
