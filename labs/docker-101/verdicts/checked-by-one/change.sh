set -e
sed -i '/^HEALTHCHECK/d' Dockerfile
OPTIONS="--health-interval=2s --health-retries=2 --health-cmd=/bin/true"; . ./again.sh
