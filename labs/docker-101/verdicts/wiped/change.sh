set -e
sed -i 's|^USER .*|COPY start.sh /srv/\nUSER 1000|; s|^ENTRYPOINT .*|ENTRYPOINT ["sh", "/srv/start.sh", "/srv/parcels.conf"]|' Dockerfile
. ./again.sh
for i in $(seq 50); do
  docker exec parcels curl -sf -X PUT --data $PARAM_PARCEL http://127.0.0.1:8080/kv/first && break
  sleep 0.1
done
