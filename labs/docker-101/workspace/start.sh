# Starts the parcels service:  sh start.sh FILE
# FILE is the parcels.conf that build.sh made. (Written for the old server in the basement, where it worked for years.)
conf=${1:?say with what: sh start.sh FILE}
echo "parcels: starting with $conf"
web --config-file "$conf" > /tmp/parcels.log 2>&1
