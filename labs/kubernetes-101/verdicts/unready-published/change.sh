# Such a Service sends requests also to Pods that are ending: wait until those of the last rollout are gone.
for pod in $(kubectl get pods -l app=web -o go-template='{{range .items}}{{if .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}'); do
  kubectl wait --for=delete "pod/$pod" --timeout=60s
done
kubectl patch service web --patch '{"spec": {"publishNotReadyAddresses": true}}'
