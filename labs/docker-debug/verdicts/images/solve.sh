docker build -q -t catalog:mine -f catalog.Dockerfile .
docker build -q -t ledger:mine -f ledger.Dockerfile .

docker rm -f catalog thumbs
docker run -d --name catalog --network shop -p "$PARAM_PORT:8080" catalog:mine
docker run -d --name thumbs --network shop --memory 150m --memory-swap 150m "$IMAGE_THUMBS"

docker rename ledger ledger-old
docker run -d --name ledger --network shop -v ledger-books:/var/books ledger:mine
docker run --rm -u 0 --volumes-from ledger-old --volumes-from ledger "$IMAGE_TOOLS" -c 'cp /data/opening /var/books/opening && chown 1000:1000 /var/books/opening'
docker rm -f ledger-old
