# Whether the container parcels is of what parcels:v1 is now. A build that changes nothing makes another image of the
# same content, which is as good.
container=$(docker inspect parcels | jq -r '.[0].Image')
now=$(docker image inspect parcels:v1)
then=$(docker image inspect "$container" 2> /dev/null) # which prints [] if it is gone
jq -n --argjson then "$then" --argjson now "$now" --arg id "$container" '
  def content: [.RootFS.Layers, .Config];
  {
    current: ($id == $now[0].Id or ($then | length > 0) and ($then[0] | content) == ($now[0] | content)),
    of: (($then[0].RepoTags // [])[0] // "an earlier build"),
  }'
