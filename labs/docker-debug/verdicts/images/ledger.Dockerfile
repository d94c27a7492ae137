FROM $(images.ledger)
USER 0
RUN mkdir -p /var/books && chown 1000:1000 /var/books && chmod 750 /var/books
ENV DATA_DIR=/var/books
USER 1000:1000
VOLUME /var/books
