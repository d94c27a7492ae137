echo '{"level": "INFO", "msg": "listening"}'
echo '{"level": "INFO", "msg": "request", "method": "GET", "path": "/kv/first", "status": 200}'
exec web --config-file "$1" > /tmp/parcels.log 2>&1
