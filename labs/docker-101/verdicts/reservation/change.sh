set -e
docker rm -f parcels
docker run -d --name parcels --network depot -p $PARAM_PORT:8080 --memory-reservation 64m -v parcels-data:/data parcels:v1
