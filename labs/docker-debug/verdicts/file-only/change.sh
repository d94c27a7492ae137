docker run --rm -u 0 -v ledger-data:/data "$IMAGE_TOOLS" -c 'chown 0:0 /data && chmod 755 /data'
