kubectl get deployment web -o json | jq 'del(.metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .status) | .metadata.name = "stand-in" | .spec.selector.matchLabels = {"app": "stand-in"} | .spec.template.metadata.labels = {"app": "stand-in"}' | kubectl apply -f -
kubectl rollout status deployment/stand-in --timeout=60s
kubectl patch service web --patch '{"spec": {"selector": {"app": "stand-in"}}}'
