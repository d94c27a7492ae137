kubectl get deployment web -o json | jq 'del(.metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .status) | .metadata.name = "website"' | kubectl apply -f -
kubectl delete deployment web
kubectl rollout status deployment/website --timeout=60s
