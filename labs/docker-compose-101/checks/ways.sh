# The routes of the store, and its networks that are not internal. Older Docker Engines give a container in an internal
# network a default route, too, which leads nowhere: routes alone do not tell.
stores=$(docker ps -q --no-trunc --filter label=com.docker.compose.service=store)
store=$(docker inspect $stores | jq -r '[.[]
  | select(.Config.Labels["com.docker.compose.project"] | startswith("labctl-") | not)
  | select(.Config.Labels["com.docker.compose.oneoff"] | ascii_downcase != "true")
] | min_by(.Created).Id')
routes=$(docker exec $store cat /proc/net/route)
# Whose network it is, if it is another container's.
holder=$(docker inspect $store | jq -r '.[0] | if .HostConfig.NetworkMode | startswith("container:") then .HostConfig.NetworkMode[10:] else .Id end')
networks=$(docker inspect $holder | jq -r '.[0].NetworkSettings.Networks | keys[]')
docker network inspect $networks | jq --arg routes "$routes" '{routes: $routes, open: [.[] | select(.Internal | not) | .Name]}'
