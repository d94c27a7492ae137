set -e
cp tariffs.txt build.sh token.txt service
cd service
docker compose build --quiet
docker compose up --detach --quiet-pull
docker exec parcels curl -sf -X PUT --data $PARAM_PARCEL http://parcels:8080/kv/first
