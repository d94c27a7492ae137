echo "parcels: starting with $1"
exec web --config-file "$1"
