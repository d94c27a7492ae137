docker rm -f catalog thumbs ledger
docker compose up -d --wait
