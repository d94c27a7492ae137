docker run --rm -u 0 -v ledger-data:/data "$IMAGE_TOOLS" -c 'chown -R 0:0 /data && chmod -R 777 /data'
