set -e
docker rm -f parcels
docker run -d --name parcels --network depot -p $PARAM_PORT:8080 -m 64m -v /data parcels:v1
