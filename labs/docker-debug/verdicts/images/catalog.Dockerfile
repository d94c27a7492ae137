FROM $(images.catalog)
ENV GREETING=$(params.greeting)
EXPOSE 8080
ENTRYPOINT ["/bin/web", "--address", "0.0.0.0"]
