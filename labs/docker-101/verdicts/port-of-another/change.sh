set -e
docker rm -f parcels
docker run -d --name parcels --network depot -m 64m -v parcels-data:/data parcels:v1
docker run -d --name front --network depot -p $PARAM_PORT:8080 -v parcels-data:/data parcels:v1
