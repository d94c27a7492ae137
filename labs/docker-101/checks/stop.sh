# Stops the check's container as a learner would, and tells how it ended. Once it has ended, that is all it tells.
docker stop labctl-parcels > /dev/null
docker inspect labctl-parcels | jq '{exitCode: .[0].State.ExitCode}'
