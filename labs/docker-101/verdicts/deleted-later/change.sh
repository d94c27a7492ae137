set -e
. ./again.sh
