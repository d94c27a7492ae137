kubectl patch deployment web --type=strategic --patch "{\"spec\": {\"template\": {\"spec\": {\"initContainers\": [{
  \"name\": \"logs\", \"image\": \"$IMAGE_TOOLS\", \"command\": [\"sleep\", \"86400\"], \"restartPolicy\": \"Always\",
  \"resources\": {\"requests\": {\"cpu\": \"5m\", \"memory\": \"0\"}, \"limits\": {\"memory\": \"0\"}}
}]}}}}"
kubectl rollout status deployment/web --timeout=60s
