set -e
sed -i 's|^ENTRYPOINT .*|ENTRYPOINT ["web"]|' Dockerfile
OPTIONS="-e CONFIG_FILE=/srv/parcels.conf"; . ./again.sh
