docker tag parcels:v1 parcels
docker rmi parcels:v1
