kubectl set resources deployment/web --limits=memory=2Gi
kubectl rollout status deployment/web --timeout=60s
