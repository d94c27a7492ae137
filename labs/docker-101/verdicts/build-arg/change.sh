set -e
sed -i 's|^RUN --mount[^ ]* .*|ARG TOKEN\nRUN printf %s "$TOKEN" > /tmp/token \&\& TOKEN_FILE=/tmp/token sh /src/build.sh /out \&\& rm /tmp/token|' Dockerfile
docker build --quiet --build-arg TOKEN=$PARAM_TOKEN --target build -t parcels:build .
docker build --quiet --build-arg TOKEN=$PARAM_TOKEN -t parcels:v1 .
docker rm -f parcels
docker run -d --name parcels --network depot -p $PARAM_PORT:8080 -m 64m -v parcels-data:/data parcels:v1
