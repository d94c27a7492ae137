rm -f /data/*
exec web --config-file "$1"
