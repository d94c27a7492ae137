docker network connect bridge tracker
