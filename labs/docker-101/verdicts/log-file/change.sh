set -e
sed -i 's|^USER .*|COPY start.sh /srv/\nUSER 1000|; s|^ENTRYPOINT .*|ENTRYPOINT ["sh", "/srv/start.sh", "/srv/parcels.conf"]|' Dockerfile
. ./again.sh
