kubectl patch deployment web --patch '{"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 0}}}}'
kubectl rollout status deployment/web --timeout=60s
