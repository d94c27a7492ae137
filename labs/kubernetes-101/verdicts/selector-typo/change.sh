kubectl patch service web --patch '{"spec": {"selector": {"app": "wbe"}}}'
