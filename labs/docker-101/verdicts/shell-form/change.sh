set -e
sed -i 's|^ENTRYPOINT .*|ENTRYPOINT web --config-file /srv/parcels.conf|' Dockerfile
. ./again.sh
