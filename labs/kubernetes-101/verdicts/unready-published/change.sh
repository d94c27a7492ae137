kubectl patch service web --patch '{"spec": {"publishNotReadyAddresses": true}}'
