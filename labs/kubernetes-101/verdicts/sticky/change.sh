kubectl patch service web --patch '{"spec": {"sessionAffinity": "ClientIP"}}'
