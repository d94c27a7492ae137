set -e
docker rm -f tracker
docker run -d --name tracker --network depot -e DEPOT=$PARAM_DEPOT -p 8080 $IMAGE_TRACKER
