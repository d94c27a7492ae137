set -e
docker network create depot
docker run -d --name tracker --network depot -e DEPOT=$PARAM_DEPOT $IMAGE_TRACKER
. ./again.sh
for i in $(seq 50); do
  docker exec parcels curl -sf -X PUT --data $PARAM_PARCEL http://127.0.0.1:8080/kv/first && break
  sleep 0.1
done
