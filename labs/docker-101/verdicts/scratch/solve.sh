set -e
printf 'token.txt\n' > .dockerignore
docker buildx build --quiet -f Containerfile --secret id=token,src=token.txt -t parcels:v1 .
docker buildx build --quiet -f Containerfile --secret id=token,src=token.txt --target compiler -t parcels:build .
docker volume create parcels-data
docker create --name parcels --memory 65536k --publish $PARAM_PORT:8080 --mount type=volume,src=parcels-data,dst=/data parcels:v1
docker start parcels
docker network create --subnet 10.77.0.0/24 depot
docker network connect depot parcels
docker run --detach --name tracker --env-file tracker.env --network depot --read-only $IMAGE_TRACKER
for i in $(seq 50); do
  docker exec parcels /labapp curl -sf -X PUT --data $PARAM_PARCEL http://127.0.0.1:8080/kv/first && break
  sleep 0.1
done
