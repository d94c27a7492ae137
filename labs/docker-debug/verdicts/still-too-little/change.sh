docker stop -t 0 thumbs
docker update --memory 60m --memory-swap 60m thumbs
docker start thumbs
