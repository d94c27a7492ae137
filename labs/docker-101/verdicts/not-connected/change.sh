set -e
docker network connect bridge parcels
docker network disconnect depot parcels
