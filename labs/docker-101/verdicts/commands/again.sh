# Builds the images anew, and puts a new container in the place of the old one: OPTIONS="-e X=y"; . ./again.sh
docker build --quiet --secret id=token,src=token.txt --target build -t parcels:build .
docker build --quiet --secret id=token,src=token.txt -t parcels:v1 .
docker rm -f parcels 2> /dev/null
docker run -d --name parcels --network depot -p 127.0.0.1:$(params.port):8080 -m 64m -v parcels-data:/data $OPTIONS parcels:v1
